#include <mysql.h>

#include "core/url.hpp"
#include "subject.hpp"
#include "waybill/inbox_mysql.h"

namespace bench {
namespace {

class MysqlSession final : public Session {
 public:
  explicit MysqlSession(const waybill::Url& url) : connection_(mysql_init(nullptr), &mysql_close) {
    if (mysql_real_connect(connection_.get(), url.host.c_str(), url.user.c_str(), url.password.c_str(),
                           url.path.substr(1).c_str(), url.port, nullptr, 0) == nullptr) {
      throw std::runtime_error(mysql_error(connection_.get()));
    }
  }

  void run(const std::string& sql) override {
    if (mysql_query(connection_.get(), sql.c_str()) != 0) throw std::runtime_error(mysql_error(connection_.get()));
  }

  std::string value(const std::string& sql) override {
    run(sql);
    const std::unique_ptr<MYSQL_RES, decltype(&mysql_free_result)> rows(mysql_store_result(connection_.get()),
                                                                        &mysql_free_result);
    return mysql_fetch_row(rows.get())[0];
  }

  waybill::Result<waybill::Once> once(const waybill::Mark& mark) override {
    return waybill::mysql::once(connection_.get(), mark);
  }
  waybill::Result<waybill::Version> bump_version(const waybill::VersionedRow& row) override {
    return waybill::mysql::bump_version(connection_.get(), row);
  }

 private:
  std::unique_ptr<MYSQL, decltype(&mysql_close)> connection_;
};

}  // namespace

std::unique_ptr<Session> open_mysql(const std::string& url) {
  return std::make_unique<MysqlSession>(expect(waybill::parse_url(url)));
}

}  // namespace bench
