// The codec that all JSON services share, by the names of this namespace.
#pragma once

#include "src/api/wire.hpp"

namespace claviger::kms {
using namespace api;
}
