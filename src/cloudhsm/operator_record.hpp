// The audit record of what an operator did at the admin socket; nobody of the API stands behind it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/cloudhsm/manager.hpp"

namespace claviger::cloudhsm {

// A parameter "username" is also who the record names.
std::string operator_record(const ManagerParts& parts, const store::CloudHsmClusterRecord& cluster,
                            std::string_view event, const std::vector<store::Tag>& parameters);

}  // namespace claviger::cloudhsm
