#include "broker/kafka/publisher.hpp"

#include <iterator>
#include <utility>

#include "broker/kafka/hint.hpp"
#include "broker/kafka/settings.hpp"

namespace waybill::broker::kafka {
namespace {

using std::chrono::milliseconds;

/// How long one question whether a broker answers may hold the thread.
constexpr Duration question_limit = milliseconds{200};
/// A first connection that takes longer than this is said to be unreachable, with the reason known by then.
constexpr Duration patience = std::chrono::seconds{2};
constexpr Duration goodbye_limit = milliseconds{500};

MonoTime now() { return std::chrono::steady_clock::now(); }

/// A batch is refused as a whole, for the fault of one message in it.
bool may_be_for_another(const Report& report) { return report.kind == OutcomeKind::rejected; }

}  // namespace

Result<std::unique_ptr<Publisher>> KafkaPublisher::open(const BrokerConfig& config) {
  auto servers = servers_of(config);
  if (!servers) return std::move(servers).error();
  if (auto settings = producer_settings(config); !settings) return std::move(settings).error();
  return std::unique_ptr<Publisher>(new KafkaPublisher(config, *std::move(servers)));
}

KafkaPublisher::KafkaPublisher(BrokerConfig config, std::string servers)
    : config_(std::move(config)), servers_(std::move(servers)) {}

KafkaPublisher::~KafkaPublisher() { stop(Deadline::after(Duration::zero())); }

void KafkaPublisher::start(PublisherEvents& events) {
  events_ = &events;
  thread_.start([this] { run(); });
}

void KafkaPublisher::publish(std::vector<Outgoing> messages) { thread_.add(std::move(messages)); }

void KafkaPublisher::stop(Deadline deadline) { thread_.stop(deadline); }

void KafkaPublisher::run() {
  while (!thread_.stopping()) {
    auto made = make_producer(false);
    if (!made) {
      events_->on_down(DownCause::unreachable, made.error().message());
      pause(backoff_.next());
      continue;
    }
    producer_ = *std::move(made);
    if (!connect()) break;
    events_->on_up(servers_);
    const std::string reason = serve();
    give_up();
    if (thread_.stopping()) break;
    events_->on_down(DownCause::lost, reason);
    pause(backoff_.next());
  }
  give_up();
}

Result<std::unique_ptr<Producer>> KafkaPublisher::make_producer(bool one_message_a_batch) {
  auto settings = producer_settings(config_);
  if (!settings) return std::move(settings).error();
  if (one_message_a_batch) rd_kafka_conf_set(settings->get(), "batch.num.messages", "1", nullptr, 0);
  return Producer::create(*std::move(settings), thread_.fd());
}

bool KafkaPublisher::connect() {
  MonoTime said = now() - patience + std::chrono::seconds{1};
  while (!thread_.stopping()) {
    if (producer_->reaches_a_broker(question_limit)) return true;
    collect();
    refuse_waiting("not connected");
    deliver();
    if (now() - said < patience) continue;
    said = now();
    events_->on_down(DownCause::unreachable, reason_unreachable());
  }
  return false;
}

std::string KafkaPublisher::serve() {
  failed_.clear();
  cut_off_.clear();
  while (!thread_.stopping()) {
    feed();
    collect();
    deliver();
    if (!failed_.empty()) break;
    if (producer_->take_all_down() || !cut_off_.empty()) look_for_a_broker();
    block(full_ && cut_off_.empty() ? "the local queue of librdkafka is full" : cut_off_);
    if (cut_off_.empty()) thread_.wait(Deadline::after(std::chrono::seconds{1}));
  }
  block({});
  return failed_;
}

void KafkaPublisher::feed() {
  take_left();
  full_ = false;
  while (!waiting_.empty() && failed_.empty()) {
    const Producer::Answer answered = producer_->produce(waiting_.front());
    if (answered.taken == Producer::Taken::full) {
      full_ = true;
      return;
    }
    const Outgoing taken = std::move(waiting_.front());
    waiting_.pop_front();
    if (answered.taken == Producer::Taken::no) take_report(taken, answered.report, true);
  }
}

void KafkaPublisher::collect() {
  producer_->poll(
      [this](Outgoing outgoing, Report report) { take_report(std::move(outgoing), std::move(report), false); });
  if (alone_) {
    alone_->poll(
        [this](Outgoing outgoing, Report report) { take_report(std::move(outgoing), std::move(report), true); });
  }
  for (const Producer* each : {producer_.get(), alone_.get()}) {
    if (each != nullptr && !each->fatal().empty()) failed_ = each->fatal();
  }
}

void KafkaPublisher::take_report(Outgoing outgoing, Report report, bool was_alone) {
  if (!was_alone && may_be_for_another(report)) return send_alone(std::move(outgoing), std::move(report));
  if (report.kind == OutcomeKind::confirmed) backoff_.reset();
  // The engine takes `unsent` for the end of the connection, so that is what it becomes.
  if (report.kind == OutcomeKind::unsent && failed_.empty()) failed_ = report.answer;
  answer(outgoing, report.kind, std::move(report.answer));
}

void KafkaPublisher::send_alone(Outgoing outgoing, Report refusal) {
  if (!alone_) {
    if (auto made = make_producer(true)) alone_ = *std::move(made);
  }
  if (!alone_ || alone_->produce(outgoing).taken != Producer::Taken::yes) {
    answer(outgoing, refusal.kind, std::move(refusal.answer));
  }
}

void KafkaPublisher::look_for_a_broker() {
  if (producer_->reaches_a_broker(question_limit)) {
    cut_off_.clear();
  } else if (cut_off_.empty()) {
    cut_off_ = reason_unreachable();
  }
}

void KafkaPublisher::block(const std::string& reason) {
  if (reason == blocked_for_) return;
  blocked_for_ = reason;
  events_->on_blocked(!reason.empty(), reason);
}

void KafkaPublisher::give_up() {
  const Deadline until = thread_.end_by(goodbye_limit);
  const auto last_word = [this](const Outgoing& outgoing, const Report& report) {
    answer(outgoing, report.kind, report.answer);
  };
  for (auto* each : {&producer_, &alone_}) {
    if (*each) (*each)->give_up(until, last_word);
    each->reset();
  }
  refuse_waiting(thread_.stopping() ? "stopped" : "not connected");
  deliver();
}

void KafkaPublisher::answer(const Outgoing& outgoing, OutcomeKind kind, std::string words) {
  outcomes_.push_back({outgoing.tag, kind, std::move(words)});
}

void KafkaPublisher::deliver() {
  if (!outcomes_.empty()) events_->on_outcomes(std::exchange(outcomes_, {}));
}

void KafkaPublisher::take_left() {
  auto left = thread_.take();
  std::move(left.begin(), left.end(), std::back_inserter(waiting_));
}

void KafkaPublisher::refuse_waiting(const char* why) {
  take_left();
  for (const Outgoing& message : waiting_) answer(message, OutcomeKind::unsent, why);
  waiting_.clear();
}

void KafkaPublisher::pause(Duration limit) {
  for (const Deadline deadline = Deadline::after(limit); !thread_.stopping() && !deadline.passed();) {
    thread_.wait(deadline);
    refuse_waiting("not connected");
    deliver();
  }
}

std::string KafkaPublisher::reason_unreachable() const {
  const std::string complaint = producer_->complaint();
  return complaint + hint_beside(complaint, config_, servers_);
}

}  // namespace waybill::broker::kafka
