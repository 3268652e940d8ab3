// What a guard costs: operations a second, mean and 99th percentile of their time in microseconds, by some clients at
// once.
//
//     guard_rate KIND GUARD CLIENTS SECONDS URL...
//
// KIND is postgresql, sqlite, mysql, redis, both (a Redis and a PostgreSQL URL) or sharded (NAME=URL of each).

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <thread>

#include "subject.hpp"

namespace bench {

std::string product_of(std::uint64_t number) { return "product-" + std::to_string(number % 1000); }

// Each run has operations of its own, whatever ran before.
waybill::Mark mark_of(std::uint64_t number) {
  static const auto run = std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
  waybill::Mark mark;
  mark.consumer = "bench";
  mark.unique_id = product_of(number);
  mark.fingerprint = run + "-" + std::to_string(number);
  return mark;
}

void expect_fresh(const waybill::Result<waybill::Once>& answer) {
  if (!answer) throw std::runtime_error(answer.error().message());
  if (*answer != waybill::Once::fresh) throw std::runtime_error("an operation was not new");
}

namespace {

using Clock = std::chrono::steady_clock;
using Arguments = std::vector<std::string>;

std::unique_ptr<Subject> open(const Arguments& arguments) {
  const auto &kind = arguments.at(0), &guard = arguments.at(1);
  const std::vector<std::string> urls(arguments.begin() + 4, arguments.end());
  if (kind == "postgresql") return sql_subject(guard, open_postgresql(urls.at(0)));
  if (kind == "sqlite") return sql_subject(guard, open_sqlite(urls.at(0)));
  if (kind == "mysql") return sql_subject(guard, open_mysql(urls.at(0)));
  if (kind == "redis") return redis_subject(guard, urls.at(0));
  if (kind == "both") return both_subject(guard, urls.at(0), urls.at(1));
  if (kind == "sharded") return sharded_subject(urls);
  throw std::runtime_error("there is no kind " + kind);
}

struct Client {
  std::unique_ptr<Subject> subject;
  std::vector<float> microseconds;
};

void work(Client& client, std::atomic<std::uint64_t>& next, Clock::time_point end) {
  for (auto began = Clock::now(); began < end;) {
    client.subject->run(next++);
    const auto now = Clock::now();
    client.microseconds.push_back(std::chrono::duration<float, std::micro>(now - began).count());
    began = now;
  }
}

void measure(const Arguments& arguments) {
  std::vector<Client> clients(std::stoul(arguments.at(2)));
  for (auto& client : clients) client.subject = open(arguments);
  std::atomic<std::uint64_t> next{0};
  const auto began = Clock::now(), end = began + std::chrono::seconds(std::stol(arguments.at(3)));
  std::vector<std::thread> threads;
  threads.reserve(clients.size());
  for (auto& client : clients) threads.emplace_back([&] { work(client, next, end); });
  for (auto& thread : threads) thread.join();
  const std::chrono::duration<double> took = Clock::now() - began;

  std::vector<float> all;
  for (const auto& client : clients) {
    all.insert(all.end(), client.microseconds.begin(), client.microseconds.end());
  }
  std::sort(all.begin(), all.end());
  double sum = 0;
  for (const float one : all) sum += one;
  const auto count = static_cast<double>(all.size());
  std::cout << count / took.count() << ' ' << sum / count << ' ' << all.at(all.size() * 99 / 100) << std::endl;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  try {
    bench::measure(bench::Arguments(argv + 1, argv + argc));
    return 0;
  } catch (const std::exception& problem) {
    std::cerr << "guard_rate: " << problem.what() << std::endl;
    return 1;
  }
}
