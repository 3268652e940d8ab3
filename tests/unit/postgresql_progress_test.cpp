/// P1 and P2 in the small: whatever order transactions draw numbers, commit and roll back in, and wherever a read is
/// cut off, every committed row is read exactly once, and no other row ever.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "store/postgresql/outstanding.hpp"
#include "store/postgresql/progress.hpp"

namespace waybill::postgresql {
namespace {

struct Row {
  Xid xid = 0;
  Seq seq = 0;
};

/// A server's transactions and its outbox.
class Server {
 public:
  explicit Server(std::uint64_t seed) : random_(seed) {}

  void step() {
    const auto dice = pick(0, 99);
    if (dice < 15 || open_.empty()) {
      open_.push_back(next_++);
      next_ += pick(0, 20) == 0 ? pick(1, 200) : 0;  // subtransactions use numbers up too
    } else if (dice < 75) {
      rows_.push_back({open_[pick(0, open_.size() - 1)], ++drawn_});
      drawn_ += pick(0, 200) == 0 ? static_cast<Seq>(pick(1, 1500)) : 0;
    } else {
      // The first is left alone most of the time: an old transaction.
      const auto which = pick(0, 40) == 0 ? 0 : pick(0, open_.size() - 1);
      if (which == 0 && pick(0, 20) != 0) return;
      end(which);
    }
  }
  void end_all() {
    while (!open_.empty()) end(0);
  }

  Snapshot snapshot() const {
    Snapshot snapshot;
    snapshot.xmax = std::min(next_, latest_ended_ + 1);
    snapshot.next = next_;
    for (const auto xid : open_) {
      if (xid < snapshot.xmax) snapshot.running.push_back(xid);
    }
    // Numbers of subtransactions are not listed, and count as finished.
    std::sort(snapshot.running.begin(), snapshot.running.end());
    return snapshot;
  }
  bool visible(const Row& row) const { return committed_.contains(row.xid); }
  const std::vector<Row>& rows() const { return rows_; }
  Seq drawn() const { return drawn_; }
  std::uint64_t pick(std::uint64_t low, std::uint64_t high) {
    return std::uniform_int_distribution<std::uint64_t>{low, high}(random_);
  }

 private:
  void end(std::size_t which) {
    const auto xid = open_[which];
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
    latest_ended_ = std::max(latest_ended_, xid);
    if (pick(0, 4) != 0) committed_.insert(xid);
  }

  std::mt19937_64 random_;
  Xid next_ = 700;
  Xid latest_ended_ = 699;
  Seq drawn_ = 0;
  std::vector<Xid> open_;
  std::vector<Row> rows_;
  std::set<Xid> committed_;
};

class Reader {
 public:
  explicit Reader(Server& server) : server_(server) {}

  void read() {
    const auto snapshot = server_.snapshot();
    if (const auto finished = progress_.finished_far(snapshot); !finished.empty()) {
      read_far(finished);
      return;
    }
    const auto limit = server_.pick(1, 30);
    std::vector<Row> unread;
    for (const auto& row : server_.rows()) {
      const bool wanted =
          row.seq > progress_.look_back() && server_.visible(row) && !progress_.has_read(row.xid, row.seq);
      if (wanted) unread.push_back(row);
    }
    const bool all = unread.size() <= limit;
    if (!all) unread.resize(limit);
    take(unread);
    const Seq last = unread.empty() ? 0 : unread.back().seq;
    if (all) {
      progress_.read(snapshot, std::numeric_limits<Seq>::max(), std::max({progress_.max_seq, last, drawn_before_}));
      drawn_before_ = server_.drawn();
    } else {
      progress_.read(snapshot, last, last);
    }
  }

  void forget_all_but_what_is_stored() {
    const auto stored = pending_from_text(pending_to_text(progress_.pending));
    ASSERT_TRUE(stored);
    ASSERT_EQ(*stored, progress_.pending);
    progress_.pending = *stored;
    drawn_before_ = 0;
  }
  const std::map<Seq, int>& times_read() const { return times_read_; }

 private:
  void read_far(const std::vector<Pending>& finished) {
    Progress only = progress_;
    only.pending = finished;
    std::vector<Row> unread;
    for (const auto& row : server_.rows()) {
      if (row.seq <= progress_.max_seq && server_.visible(row) && !only.has_read(row.xid, row.seq))
        unread.push_back(row);
    }
    const auto limit = server_.pick(1, 10);
    const bool all = unread.size() <= limit;
    if (!all) unread.resize(limit);
    take(unread);
    progress_.read_far(finished, all ? progress_.max_seq : unread.back().seq);
  }
  void take(const std::vector<Row>& rows) {
    for (const auto& row : rows) ++times_read_[row.seq];
  }

  Server& server_;
  Progress progress_;
  Seq drawn_before_ = 0;
  std::map<Seq, int> times_read_;
};

void run_schedule(std::uint64_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  Server server{seed};
  Reader reader{server};
  for (int step = 0; step < 2000; ++step) {
    server.step();
    if (server.pick(0, 6) == 0) reader.read();
    if (server.pick(0, 200) == 0) reader.forget_all_but_what_is_stored();
  }
  server.end_all();
  const auto visible = [&](const Row& row) { return server.visible(row); };
  const auto committed = std::count_if(server.rows().begin(), server.rows().end(), visible);
  for (int i = 0; i < 5000 && std::ssize(reader.times_read()) < committed; ++i) reader.read();
  for (int i = 0; i < 10; ++i) reader.read();
  for (const auto& row : server.rows()) {
    const auto found = reader.times_read().find(row.seq);
    const int times = found == reader.times_read().end() ? 0 : found->second;
    ASSERT_EQ(times, server.visible(row) ? 1 : 0) << "row " << row.seq << " of transaction " << row.xid;
  }
  ASSERT_GT(committed, 100);
}

TEST(PostgresqlProgress, ReadsEveryCommittedRowExactlyOnce) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) run_schedule(seed);
}

TEST(PostgresqlSnapshot, RestoresTheNextTransactionBeyondThirtyTwoBits) {
  // 32-bit numbers wrapped: the snapshot ends at 2^32 + 1, the next one is 2^32 + 5.
  const auto snapshot = parse_snapshot("4294967290:4294967297:4294967290,4294967295", "2");
  ASSERT_TRUE(snapshot);
  EXPECT_EQ(snapshot->next, 4294967301U);
  EXPECT_EQ(snapshot->xmax, 4294967297U);
  EXPECT_EQ(snapshot->running, (std::vector<Xid>{4294967290U, 4294967295U}));
  EXPECT_TRUE(snapshot->finished(4294967291U));
  EXPECT_FALSE(snapshot->finished(4294967295U));
  EXPECT_FALSE(snapshot->finished(4294967297U));
  EXPECT_FALSE(parse_snapshot("garbage", "2"));
}

TEST(PostgresqlOutstanding, StoresTheOpenMessagesInTheOrderTheyLeft) {
  const std::vector<Seq> seqs{1'000'001, 1'000'002, 1'000'003, 17, 18, 1'000'009, 5, 4};
  const auto packed = pack_seqs(seqs);
  const auto unpacked = unpack_seqs(packed);
  ASSERT_TRUE(unpacked);
  EXPECT_EQ(*unpacked, seqs);
  EXPECT_FALSE(unpack_seqs(packed.substr(0, packed.size() - 1)));
  std::vector<Seq> run(4000);
  for (std::size_t i = 0; i < run.size(); ++i) run[i] = 50'000'000 + static_cast<Seq>(i);
  EXPECT_LT(pack_seqs(run).size(), 10U);
}

TEST(PostgresqlOutstanding, OneOpenMessageDoesNotKeepThePlacesOfTheSettled) {
  Outstanding outstanding;
  for (Seq seq = 1; seq <= 100'000; ++seq) {
    outstanding.add(seq, nullptr);
    if (seq > 3) {
      EXPECT_TRUE(outstanding.settle(seq));
    }
  }
  EXPECT_FALSE(outstanding.settle(50));
  EXPECT_EQ(outstanding.in_order(), (std::vector<Seq>{1, 2, 3}));
  EXPECT_TRUE(outstanding.settle(2));
  EXPECT_EQ(outstanding.in_order(), (std::vector<Seq>{1, 3}));
}

}  // namespace
}  // namespace waybill::postgresql
