// The command line as values. Every problem is one line that says what to do.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "src/app/settings.hpp"

namespace claviger::app {

struct Run {
    Settings settings;
};
struct ShowText {  // --help, --version
    std::string text;
};
struct AskService {  // a subcommand that talks to the running service over its admin socket
    std::filesystem::path socket;
    std::string request;  // one line
};
struct RunHost {  // `hsm doctor`: the work of claviger-hsm, the only program that loads a PKCS#11 module
    std::vector<std::string> arguments;
};
struct CloudHsmCommand {  // `cloudhsm …`: what cloudhsm-cli does, against the running service
    std::filesystem::path socket;
    std::string cluster;             // empty: the only one there is
    std::vector<std::string> words;  // empty: interactive
};
struct VerifyBackup {
    std::filesystem::path file;
};
struct CreateVault {  // `recovery create`: the pair of a recovery key, on its holder's machine
    std::filesystem::path vault;
    std::filesystem::path sealing_key;
    std::filesystem::path public_key;  // written
    std::filesystem::path module;
};
struct AnswerRecovery {  // `recovery answer`
    std::filesystem::path vault;
    std::filesystem::path sealing_key;
    std::filesystem::path module;
    std::filesystem::path request;
    std::filesystem::path answer;  // written
};
struct VerifyAudit {
    std::filesystem::path directory;
};

using Command = std::variant<Run, ShowText, AskService, RunHost, CloudHsmCommand, CreateVault, AnswerRecovery,
                             VerifyBackup, VerifyAudit>;

// `arguments` without the program's name.
Result<Command> parse_command_line(const std::vector<std::string>& arguments,
                                   const std::filesystem::path& self);

}  // namespace claviger::app
