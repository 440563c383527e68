// The composition root: the only code that knows every part, in which order they start, and in which they
// end.
#pragma once

#include <claviger/base/result.hpp>

#include "src/app/settings.hpp"

namespace claviger::app {

// Serves until SIGTERM or SIGINT, drains, and returns. An error is a start that failed: one sentence that
// says what to do. Call once per process, on its main thread.
Status<> serve(const Settings& settings);

// For every process of this program that sees plaintexts or passwords: nothing may dump it or read its memory
// by accident.
void protect_process();

}  // namespace claviger::app
