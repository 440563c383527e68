// What the holder of a recovery key does, on a machine that needs no service: the private half is made in a
// token and works there.
#pragma once

#include <filesystem>
#include <string>

#include <claviger/base/result.hpp>

#include "src/app/command_line.hpp"

namespace claviger::app {

// Both answer lines for the person at the terminal; errors say what to do. They block, and run the token's
// host as a child of this process meanwhile.
Result<std::string> create_vault(const CreateVault& command, const std::filesystem::path& host_program);
Result<std::string> answer_recovery(const AnswerRecovery& command, const std::filesystem::path& host_program);

}  // namespace claviger::app
