#include <chrono>
#include <vector>

#include "store/memory/store.hpp"
#include "store_rig.hpp"

namespace waybill::contract {
namespace {

class MemoryTransaction final : public ServiceTransaction {
 public:
  explicit MemoryTransaction(store::MemoryStore& memory) : memory_(memory) { parts_.push_back(memory.begin()); }

  void insert(const ServiceRow& row) override {
    Message message;
    if (row.id) message.id = MessageId{*row.id};
    message.topic = Topic{row.topic};
    if (row.key) message.key = Key{*row.key};
    message.payload = row.payload;
    if (row.not_before_ms) {
      message.not_before = std::chrono::system_clock::time_point{std::chrono::milliseconds{*row.not_before_ms}};
    }
    parts_.back().add({std::move(message), row.headers});
  }
  void commit() override {
    for (auto& part : parts_) part.commit();
  }
  void rollback() override {
    for (auto& part : parts_) part.rollback();
  }
  void savepoint() override { parts_.push_back(memory_.begin()); }
  void rollback_to_savepoint() override {
    parts_.back().rollback();
    savepoint();
  }

 private:
  store::MemoryStore& memory_;
  std::vector<store::MemoryStore::Transaction> parts_;  ///< one more for each savepoint
};

class MemoryRig final : public StoreRig {
 public:
  MemoryRig() : memory_(config(), options()) {}

  store::Store& store() override { return memory_; }
  std::unique_ptr<ServiceTransaction> begin() override { return std::make_unique<MemoryTransaction>(memory_); }
  void steal() override { memory_.steal(0); }

 private:
  static StoreConfig config() {
    StoreConfig config;
    config.name = "memory";
    config.url = Secret{"memory://contract"};
    config.max_payload = rig_max_payload;
    return config;
  }
  static store::memory::Options options() {
    store::memory::Options options;
    options.blocking = true;
    options.wall_ms = [] {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      return std::int64_t{std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
    };
    return options;
  }

  store::MemoryStore memory_;
};

}  // namespace

std::unique_ptr<StoreRig> make_memory_rig() { return std::make_unique<MemoryRig>(); }

}  // namespace waybill::contract
