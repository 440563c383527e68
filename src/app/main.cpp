// claviger: parses the command line and runs what it says.
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "src/app/admin_socket.hpp"
#include "src/app/cloudhsm_command.hpp"
#include "src/app/command_line.hpp"
#include "src/app/recovery_holder.hpp"
#include "src/app/service.hpp"
#include "src/audit/verify.hpp"
#include "src/cloudhsm/backup_command.hpp"

namespace claviger::app {
namespace {

int fail(const Error& error) {
    std::fprintf(stderr, "claviger: %s\n", error.detail.c_str());
    return 1;
}

int execute(const ShowText& command) {
    std::fputs(command.text.c_str(), stdout);
    return 0;
}

int execute(const Run& command) {
    const Status<> ended = serve(command.settings);
    return ended ? 0 : fail(ended.error());
}

std::filesystem::path host_program() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "claviger-hsm";
}

int print(const Result<std::string>& lines) {
    if (!lines) {
        return fail(lines.error());
    }
    std::fputs(lines->c_str(), stdout);
    return 0;
}

int execute(const RunHost& command) {
    const std::string program = host_program();
    std::vector<char*> arguments{const_cast<char*>(program.c_str())};
    for (const std::string& argument : command.arguments) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);
    execv(program.c_str(), arguments.data());
    return fail(Error(Errc::io_error, program + " cannot be started: install it beside claviger"));
}

int execute(const AskService& command) {
    return print(ask_service(command.socket, command.request));
}

int execute(const CloudHsmCommand& command) {
    return run_cloudhsm(command);
}

int execute(const VerifyBackup& command) {
    return print(cloudhsm::describe_backup_file(command.file));
}

int execute(const CreateVault& command) {
    return print(create_vault(command, host_program()));
}

int execute(const AnswerRecovery& command) {
    return print(answer_recovery(command, host_program()));
}

int execute(const VerifyAudit& command) {
    const Result<audit::Verification> result = audit::verify_files(command.directory);
    if (!result) {
        return fail(result.error());
    }
    std::printf("%llu records in %llu files, %llu series\n", static_cast<unsigned long long>(result->records),
                static_cast<unsigned long long>(result->files),
                static_cast<unsigned long long>(result->series));
    return result->broken ? fail(Error(Errc::integrity, *result->broken)) : 0;
}

}  // namespace
}  // namespace claviger::app

int main(int argc, char** argv) {
    using namespace claviger::app;
    const auto self = std::filesystem::read_symlink("/proc/self/exe");
    const auto command = parse_command_line({argv + 1, argv + argc}, self);
    if (!command) {
        return fail(command.error());
    }
    return std::visit([](const auto& chosen) { return execute(chosen); }, *command);
}
