#include "src/cloudhsm/command_words.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace claviger::cloudhsm {
namespace {

using testing::HasSubstr;
using testing::Not;
using Typed = std::vector<std::string_view>;

std::string refusal(const Typed& words, Password password = Password::later) {
    const Result<ReadCommand> read = read_command(words, password);
    return read ? "accepted" : read.error().detail;
}

TEST(CommandWords, ACommandComesWithItsOptions) {
    const Typed words{"user",   "create",      "--username", "kmsuser",
                      "--role", "crypto-user", "--password", "secret-1"};
    const Result<ReadCommand> read = read_command(words, Password::now);
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(read->row->name, "user create");
    EXPECT_EQ(as_text(read->options.at("--password").reveal(SecretAccess())), "secret-1");
    const Typed verbose{"key", "list", "--verbose", "--filter", "attr.label=k"};
    EXPECT_EQ(refusal(verbose), "accepted");
}

TEST(CommandWords, WhatIsWrongIsSaidBeforeAPasswordIsAskedFor) {
    EXPECT_THAT(refusal({"user", "create", "--pasword", "x"}), HasSubstr("no option --pasword"));
    EXPECT_THAT(refusal({"hsm", "enroll"}), HasSubstr("--hsm-id is missing"));
    EXPECT_THAT(refusal({"user", "create", "--username", "x"}), HasSubstr("--role is missing"));
    EXPECT_THAT(refusal({"user", "create", "--username", "x", "--role", "boss"}),
                HasSubstr("admin or crypto-user"));
    EXPECT_EQ(refusal({"cluster", "activate"}), "accepted");
    EXPECT_THAT(refusal({"cluster", "activate"}, Password::now), HasSubstr("--password is missing"));
    EXPECT_THAT(refusal({"cluster", "activate", "--password", ""}), HasSubstr("--password is missing"));
}

TEST(CommandWords, APinIsNeverRepeated) {
    EXPECT_THAT(refusal({"hsm", "enroll", "--hsm-id", "--password", "so-pin-2"}),
                HasSubstr("--hsm-id needs a value"));
    const std::string stray = refusal({"hsm", "enroll", "--hsm-id", "hsm-1", "so-pin-2"});
    EXPECT_THAT(stray, HasSubstr("belongs to none"));
    EXPECT_THAT(stray, Not(HasSubstr("so-pin-2")));
    EXPECT_THAT(refusal({"user", "list", "--pin=so-pin-2"}), Not(HasSubstr("so-pin-2")));
    EXPECT_THAT(refusal({"hsm", "enroll", "so-pin-2"}), Not(HasSubstr("so-pin-2")));
    EXPECT_THAT(refusal({"login", "admin", "so-pin-2"}), Not(HasSubstr("so-pin-2")));
}

TEST(CommandWords, UnknownAndUnfinishedCommandsSayWhatThereIs) {
    EXPECT_THAT(refusal({"user", "melt"}), HasSubstr("user list, help, interactive, logout, quit."));
    EXPECT_THAT(refusal({"user"}), HasSubstr("user change-password, user create, user delete, user list."));
    EXPECT_THAT(refusal({"crypto", "sign", "--key-filter", "x"}), HasSubstr("Claviger has no 'crypto'"));
    EXPECT_THAT(refusal({}), HasSubstr("try help"));
    EXPECT_THAT(refusal({"quit"}), HasSubstr("prompt of a session"));
    EXPECT_THAT(refusal({"key", "list", "--cluster-id"}), HasSubstr("--cluster-id needs a value"));
}

TEST(CommandWords, EveryCommandExplainsItself) {
    for (const CommandRow& row : commands()) {
        const Typed words{"help", row.name};
        ASSERT_TRUE(asks_for_help(words));
        EXPECT_THAT(help_on(words), HasSubstr(row.name));
        EXPECT_THAT(help_on(words), HasSubstr("Options:"));
        EXPECT_THAT(help_on({}), HasSubstr(row.name));
    }
    for (const Typed& words :
         {Typed{"user", "create", "--help"}, Typed{"user", "create", "-h"},
          Typed{"user", "create", "--username", "--help"}, Typed{"help", "user", "create"}}) {
        ASSERT_TRUE(asks_for_help(words));
        EXPECT_THAT(help_on(words),
                    HasSubstr("user create --username <USERNAME> --role <ROLE> [--password <PASSWORD>]"));
    }
    const Typed group{"key", "--help"};
    EXPECT_THAT(help_on(group), HasSubstr("key restore"));
    EXPECT_THAT(help_on(group), Not(HasSubstr("user list")));
    const Typed whole{"help"};
    EXPECT_THAT(help_on(whole), HasSubstr("quit"));
    const Typed none{"user", "create", "--username", "help"};
    EXPECT_FALSE(asks_for_help(none));
}

}  // namespace
}  // namespace claviger::cloudhsm
