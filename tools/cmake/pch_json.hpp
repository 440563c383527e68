// Precompiled for the libraries that also read JSON.
#pragma once

#include <boost/json.hpp>

#include "tools/cmake/pch_asio.hpp"
