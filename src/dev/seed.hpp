// Puts a seed file's keys into a development service, through its API.
#pragma once

#include "src/config/seed.hpp"
#include "src/dev/api.hpp"

namespace claviger::dev {

// Idempotent: a key that is there keeps its material, and gets what the file has more of it; aliases, tags,
// policy, grants and the enabled state are set again. The kms service must understand `_custom_id_`
// (kms::ServiceOptions). bad_config, with the key and what the API answered.
boost::asio::awaitable<Status<>> apply_seed(const config::Seed& seed, Api& api);

}  // namespace claviger::dev
