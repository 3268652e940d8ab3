#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "broker/publisher.hpp"

namespace waybill::relay {

/// Messages in their order. An empty one has no memory of its own: there is one for each key that waits, and most of
/// these have nothing in memory.
class TagQueue {
 public:
  using Tag = broker::Tag;

  bool empty() const { return first_ == tags_.size(); }
  std::size_t size() const { return tags_.size() - first_; }
  Tag front() const { return tags_[first_]; }

  void push_back(Tag tag) { tags_.push_back(tag); }
  void pop_front() {
    ++first_;
    if (empty()) {
      tags_ = {};
      first_ = 0;
    } else if (first_ >= least_gap && first_ >= size()) {
      close_gap();
    }
  }
  void remove(Tag tag) {
    close_gap();
    std::erase(tags_, tag);
    if (tags_.empty()) tags_ = {};
  }
  /// All behind the first, which are no longer in it.
  std::vector<Tag> take_followers() {
    if (size() < 2) return {};
    close_gap();
    std::vector<Tag> followers(tags_.begin() + 1, tags_.end());
    tags_.resize(1);
    tags_.shrink_to_fit();
    return followers;
  }

 private:
  static constexpr std::size_t least_gap = 32;

  void close_gap() {
    tags_.erase(tags_.begin(), tags_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  std::vector<Tag> tags_;
  std::size_t first_ = 0;  // those before it are gone
};

}  // namespace waybill::relay
