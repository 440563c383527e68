// `claviger cloudhsm`: the terminal's end of the commands of cloudhsm-cli.
#pragma once

#include "src/app/command_line.hpp"

namespace claviger::app {

// The exit status: 0 if every command succeeded.
int run_cloudhsm(const CloudHsmCommand& command);

}  // namespace claviger::app
