#include "subject.hpp"

namespace bench {
namespace {

std::string change(const std::string& what, const std::string& product) {
  return "UPDATE bench_stock SET " + what + " WHERE product = '" + product + "'";
}

class Transaction final : public Subject {
 public:
  Transaction(std::string guard, std::unique_ptr<Session> session)
      : guard_(std::move(guard)), session_(std::move(session)) {}

  void run(std::uint64_t number) override {
    const auto product = product_of(number);
    session_->run("BEGIN");
    if (guard_ == "once") expect_fresh(session_->once(mark_of(number)));
    if (guard_ == "bare" || guard_ == "once") {
      session_->run(change("units = units - 1", product));
    } else {
      change_a_version(product);
    }
    session_->run("COMMIT");
  }

 private:
  void change_a_version(const std::string& product) {
    const auto version = session_->value("SELECT version FROM bench_stock WHERE product = '" + product + "'");
    if (guard_ == "read") return session_->run(change("units = units - 1, version = version + 1", product));
    const waybill::VersionedRow row{"bench_stock", "product", "version", product, std::stoll(version)};
    // Another client may have been faster: then there is nothing to change.
    if (expect(session_->bump_version(row)) == waybill::Version::stale) return;
    session_->run(change("units = units - 1", product));
  }

  std::string guard_;
  std::unique_ptr<Session> session_;
};

}  // namespace

std::unique_ptr<Subject> sql_subject(const std::string& guard, std::unique_ptr<Session> session) {
  return std::make_unique<Transaction>(guard, std::move(session));
}

}  // namespace bench
