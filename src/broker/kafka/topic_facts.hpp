#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/finding.hpp"

namespace waybill::broker::kafka {

/// What a cluster says about one topic.
struct TopicFacts {
  std::string name;
  int partitions = 0;
  int least_replicas = 0;                       ///< of its partitions
  int least_in_sync = 0;                        ///< at present
  int without_leader = 0;                       ///< partitions that take no message now
  std::map<std::string, std::string> settings;  ///< as they take effect: `min.insync.replicas`
};

/// What they mean for the promises (WB-D330 to WB-D337).
std::vector<Finding> judge(const TopicFacts& topic, const std::string& subject);

}  // namespace waybill::broker::kafka
