#include "src/app/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace claviger::app {
namespace {

using testing::HasSubstr;
using testing::Not;

Result<Command> parse(std::vector<std::string> arguments) {
    return parse_command_line(arguments, "/usr/bin/claviger");
}

std::string refusal(std::vector<std::string> arguments) {
    const auto command = parse(std::move(arguments));
    return command ? "accepted" : command.error().detail;
}

Settings settings_of(std::vector<std::string> arguments) {
    const auto command = parse(std::move(arguments));
    EXPECT_TRUE(command) << (command ? "" : command.error().detail);
    return std::get<Run>(*command).settings;
}

TEST(CommandLine, DevStandsForThreeHsmsInThreeZonesAndAVault) {
    const Settings settings = settings_of({"dev", "--data", "/tmp/d/"});
    EXPECT_EQ(settings.kind, Kind::dev);
    EXPECT_EQ(settings.config.service.data, "/tmp/d");
    EXPECT_EQ(settings.config.cluster.recovery, config::Recovery::vault);
    ASSERT_EQ(settings.config.hsms.size(), 3u);
    EXPECT_EQ(settings.config.hsms[2].zone, "c");
    EXPECT_EQ(settings.host_program, "/usr/bin/claviger-hsm");
}

TEST(CommandLine, DevListensBeyondLoopbackOnlyWhenToldTwice) {
    EXPECT_THAT(refusal({"dev", "--listen", "0.0.0.0:4599"}), HasSubstr("--i-know-this-is-dev"));
    EXPECT_EQ(
        settings_of({"dev", "--listen", "0.0.0.0:4599", "--i-know-this-is-dev"}).config.http.listen.port,
        4599);
    EXPECT_THAT(refusal({"dev", "--listen", "0.0.0.0:1", "--i-know-this-is-dev", "--accept-any-credentials"}),
                HasSubstr("loopback"));
}

TEST(CommandLine, ProblemsSayWhatToDo) {
    EXPECT_THAT(refusal({"frobnicate"}), HasSubstr("claviger --help"));
    EXPECT_THAT(refusal({"dev", "--frobnicate"}), HasSubstr("--help"));
    EXPECT_THAT(refusal({"dev", "--hsms", "0"}), HasSubstr("between 1 and 16"));
    EXPECT_THAT(refusal({"serve"}), HasSubstr("--config FILE"));
    EXPECT_THAT(refusal({"serve", "--config", "/nonexistent"}), HasSubstr("cannot read /nonexistent"));
    EXPECT_THAT(refusal({"dev", "--tls-key", "/k"}), HasSubstr("go together"));
}

TEST(CommandLine, EverySubcommandExplainsItself) {
    for (const std::vector<std::string>& arguments : {std::vector<std::string>{"--help"},
                                                      {},
                                                      {"dev", "--help"},
                                                      {"serve", "--help"},
                                                      {"status", "--help"},
                                                      {"audit", "--help"},
                                                      {"report", "leftovers", "--help"},
                                                      {"dev", "clock", "advance", "1d", "--help"},
                                                      {"dev", "clock", "advance", "--help"},
                                                      {"dev", "clock", "--help"},
                                                      {"hsm", "--help"},
                                                      {"admin", "-h"},
                                                      {"admin", "clock", "--help"},
                                                      {"report", "--help"},
                                                      {"backup", "--help"},
                                                      {"cluster", "recover", "--help"},
                                                      {"recovery", "--help"},
                                                      {"cloudhsm", "--help"}}) {
        const auto command = parse(arguments);
        ASSERT_TRUE(command) << arguments[0] << ": " << command.error().detail;
        EXPECT_THAT(std::get<ShowText>(*command).text, HasSubstr("claviger"));
        EXPECT_THAT(std::get<ShowText>(*command).text, Not(HasSubstr("--word")));
    }
    EXPECT_THAT(std::get<ShowText>(*parse({"hsm", "--help"})).text, HasSubstr("hsm doctor"));
    EXPECT_THAT(std::get<ShowText>(*parse({"admin", "clock", "accept", "--help"})).text,
                HasSubstr("claviger admin clock accept"));
    EXPECT_THAT(refusal({"hsm"}), HasSubstr("claviger hsm --help"));
    EXPECT_THAT(std::get<ShowText>(*parse({"--version"})).text, HasSubstr("claviger 0."));
}

TEST(CommandLine, OperatorsCommandsGoToTheSocketOfTheDataDirectory) {
    const auto command = parse({"status", "--data", "/srv/c"});
    ASSERT_TRUE(command);
    EXPECT_EQ(std::get<AskService>(*command).socket, "/srv/c/admin.sock");
    EXPECT_EQ(std::get<AskService>(*parse({"dev", "clock", "advance", "8d"})).request, "clock advance 8d");
}

TEST(CommandLine, WordsOfACommandAreWordsOfTheirOwn) {
    EXPECT_EQ(std::get<RunHost>(*parse({"hsm", "doctor", "--module", "/m"})).arguments,
              (std::vector<std::string>{"doctor", "--module", "/m"}));
    EXPECT_EQ(std::get<VerifyAudit>(*parse({"audit", "verify", "/a b"})).directory, "/a b");
    EXPECT_THAT(refusal({"audit", "verify"}), HasSubstr("one directory"));
    EXPECT_THAT(refusal({"report", "x"}), HasSubstr("report takes leftovers"));
    for (const char* const one : {"hsm doctor", "status x", "admin clock accept"}) {
        EXPECT_THAT(refusal({one}), HasSubstr("is not a command")) << one;
    }
    EXPECT_FALSE(parse({"dev", "clock advance"}));
}

TEST(CommandLine, RecoveryIsOneFileEachWay) {
    const auto request =
        parse({"cluster", "recover", "--data", "/srv/c", "--request", "/q", "--hsm-id", "hsm-1"});
    ASSERT_TRUE(request) << request.error().detail;
    EXPECT_EQ(std::get<AskService>(*request).socket, "/srv/c/admin.sock");
    EXPECT_EQ(std::get<AskService>(*request).request,
              R"(recovery {"command":"request","file":"/q","hsm":"hsm-1"})");
    EXPECT_THAT(refusal({"cluster", "recover"}), HasSubstr("--request FILE or --answer FILE"));
    EXPECT_THAT(refusal({"cluster", "recover", "--request", "a", "--answer", "b"}),
                HasSubstr("--answer FILE"));
    EXPECT_THAT(refusal({"cluster", "melt"}), HasSubstr("recover"));
    const auto answer = parse(
        {"recovery", "answer", "--vault", "/v", "--sealing-key", "/k", "--request", "/q", "--answer", "/a"});
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(std::get<AnswerRecovery>(*answer).answer, "/a");
    EXPECT_THAT(refusal({"recovery", "create", "--vault", "/v"}), HasSubstr("all of their options"));
}

}  // namespace
}  // namespace claviger::app
