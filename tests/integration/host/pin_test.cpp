// The user PIN that the host keeps: changes that are cut off at any step, and PINs that are wrong.
#include <gtest/gtest.h>
#include <pkcs11-helper-1.0/pkcs11.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include <claviger/hsm/error.hpp>

#include "hsm/host/files.hpp"
#include "hsm/host/hosted_token.hpp"
#include "hsm/host/officer_pin.hpp"
#include "hsm/host/pin_keeper.hpp"
#include "hsm/host/pin_store.hpp"
#include "tests/integration/host/host_rig.hpp"

namespace claviger::host::test {
namespace {

constexpr int kCrashed = 42;

TEST(OfficerPin, LockedOneIsNotToldToBeCorrected) {
    const Error wrong = explained(hsm::call_failed("C_Login", CKR_PIN_INCORRECT), kTypedPin);
    EXPECT_TRUE(wrong.detail.starts_with(kTypedPin.whose)) << wrong.detail;
    const Error locked = explained(hsm::call_failed("C_Login", CKR_PIN_LOCKED), kTypedPin);
    EXPECT_TRUE(locked.detail.starts_with(kLockedPin.whose)) << locked.detail;
    EXPECT_EQ(locked.ckr, CKR_PIN_LOCKED);
}

// Passes every call to a real token and ends the process at the n-th edge of a call.
class CrashingToken final : public PinToken {
public:
    CrashingToken(PinToken& token, int steps) : token_(token), steps_(steps) {}
    Result<hsm::PinState> user_pin_state() override { return token_.user_pin_state(); }
    Result<SecretBytes> draw_pin() override { return token_.draw_pin(); }
    Status<> login(const SecretBytes& pin, hsm::Attempt attempt) override {
        step();
        Status<> result = token_.login(pin, attempt);
        step();
        return result;
    }
    Status<> change_pin(const SecretBytes& current, const SecretBytes& next) override {
        step();
        Status<> result = token_.change_pin(current, next);
        step();
        return result;
    }

private:
    void step() {
        if (--steps_ == 0) {
            _exit(kCrashed);
        }
    }
    PinToken& token_;
    int steps_;
};

class Pin : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_NO_FATAL_FAILURE(rig.provision());
        ASSERT_NO_FATAL_FAILURE(rig.start());
    }
    Status<> set(const SecretBytes& current) {
        Client client = rig.control();
        return client
            .control<control::Empty>(control::Operation::set_user_pin,
                                     control::SetUserPin{current.clone(), {}})
            .transform([](control::Empty) { return done; });
    }
    Status<> login() {
        return rig.control().control(control::Operation::login).transform([](control::Empty) {
            return done;
        });
    }
    void stop() { rig.host().kill_and_reap(); }

    // Rotates in a process of its own, which ends at step n. True: it was cut off there.
    bool rotate_cut_at(int n) {
        const pid_t pid = fork();
        if (pid == 0) {
            Options options;
            options.state = rig.state();
            options.module = std::string(softhsm::kDefaultModule);
            auto store = PinStore::open(rig.state());
            auto token = HostedToken::open(options);
            if (!store || !token) {
                _exit(2);
            }
            CrashingToken crashing(**token, n);
            PinKeeper keeper(crashing, std::move(*store));
            _exit(keeper.rotate() ? 0 : 3);
        }
        int status = 0;
        waitpid(pid, &status, 0);
        EXPECT_TRUE(WIFEXITED(status) && (WEXITSTATUS(status) == kCrashed || WEXITSTATUS(status) == 0))
            << status;
        return WEXITSTATUS(status) == kCrashed;
    }
    HostRig rig;
};

TEST_F(Pin, AfterTheChangeOnlyTheHostKnowsThePin) {
    ASSERT_TRUE(set(rig.user_pin));
    ASSERT_TRUE(login());
    const auto rotated = rig.control().control(control::Operation::rotate_pin);
    EXPECT_TRUE(rotated) << rotated.error().describe();
    stop();
    ASSERT_NO_FATAL_FAILURE(rig.start());
    EXPECT_TRUE(login());
    const std::string sealed = read_text(rig.state() + "/pins");
    EXPECT_EQ(sealed.find(as_text(rig.user_pin.reveal(SecretAccess()))), std::string::npos);
}

TEST_F(Pin, ARotationCutAtAnyStepLeavesAHostThatLogsIn) {
    ASSERT_TRUE(set(rig.user_pin));
    stop();
    int cuts = 0;
    while (rotate_cut_at(cuts + 1)) {
        ++cuts;
        ASSERT_NO_FATAL_FAILURE(rig.start());
        const Status<> entered = login();
        ASSERT_TRUE(entered) << "cut at step " << cuts << ": " << entered.error().describe();
        stop();
    }
    EXPECT_EQ(cuts, 4);  // before and after each of the two calls
    ASSERT_NO_FATAL_FAILURE(rig.start());
    EXPECT_TRUE(login());
}

// Answers a fault after the n-th change, which it makes: the answer was lost.
class ForgetfulToken final : public PinToken {
public:
    ForgetfulToken(PinToken& token, int calls) : token_(token), calls_left_(calls) {}
    Result<hsm::PinState> user_pin_state() override { return token_.user_pin_state(); }
    Result<SecretBytes> draw_pin() override { return token_.draw_pin(); }
    Status<> login(const SecretBytes& pin, hsm::Attempt attempt) override {
        return token_.login(pin, attempt);
    }
    Status<> change_pin(const SecretBytes& current, const SecretBytes& next) override {
        const Status<> result = token_.change_pin(current, next);
        return --calls_left_ == 0 ? Error(Errc::hsm_fault, "the answer was lost") : result;
    }

private:
    PinToken& token_;
    int calls_left_;
};

TEST_F(Pin, AChangeWhoseAnswerWasLostIsFoundOutBeforeTheNext) {
    ASSERT_TRUE(set(rig.user_pin));
    stop();
    Options options;
    options.state = rig.state();
    options.module = std::string(softhsm::kDefaultModule);
    const pid_t pid = fork();  // a module is loaded once in a process
    if (pid == 0) {
        auto store = PinStore::open(rig.state());
        auto token = HostedToken::open(options);
        if (!store || !token) {
            _exit(2);
        }
        ForgetfulToken forgetful(**token, 1);
        PinKeeper keeper(forgetful, std::move(*store));
        _exit(keeper.rotate() ? 3 : keeper.rotate() ? 0 : 4);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    ASSERT_NO_FATAL_FAILURE(rig.start());
    const Status<> entered = login();
    EXPECT_TRUE(entered) << entered.error().describe();
}

TEST_F(Pin, APinChangedBehindOurBackIsTriedOnceThenAnOperatorIsAsked) {
    ASSERT_TRUE(set(rig.user_pin));
    stop();
    const SecretBytes other{std::string_view("changed-behind-us")};
    {
        Child process;
        Client officer = rig.officer(process);
        ASSERT_TRUE(officer.control<control::Empty>(
            control::Operation::init_user_pin, control::InitUserPin{rig.officer_pin.clone(), other.clone()}));
    }
    ASSERT_NO_FATAL_FAILURE(rig.start());
    const Status<> first = login();
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().code, Errc::pin_refused);
    EXPECT_EQ(first.error().ckr, CKR_PIN_INCORRECT);
    EXPECT_NE(first.error().detail.find("the token refused the user PIN kept here"), std::string::npos)
        << first.error().describe();
    for (int restart = 0; restart < 2; ++restart) {
        const Status<> again = login();
        ASSERT_FALSE(again);
        EXPECT_EQ(again.error().code, Errc::pin_refused);
        EXPECT_EQ(again.error().detail.find("the token refused"), std::string::npos)
            << again.error().describe();
        stop();
        ASSERT_NO_FATAL_FAILURE(rig.start());
    }
    const Status<> enrolled = set(other);
    ASSERT_TRUE(enrolled) << enrolled.error().describe();
    EXPECT_TRUE(login());
}

TEST_F(Pin, AWrongPresentPinIsRefusedAndTheKeptOneStays) {
    ASSERT_TRUE(set(rig.user_pin));
    const Status<> wrong = set(SecretBytes(std::string_view("not-the-pin")));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Errc::pin_refused);
    auto store = PinStore::open(rig.state());
    ASSERT_TRUE(store);
    const auto kept = store->read();
    ASSERT_TRUE(kept);
    EXPECT_TRUE(kept->current);
    EXPECT_FALSE(kept->next);
}

// Answers a fault to its first change, which it does not make.
class FaultyToken final : public PinToken {
public:
    explicit FaultyToken(PinToken& token) : token_(token) {}
    Result<hsm::PinState> user_pin_state() override { return token_.user_pin_state(); }
    Result<SecretBytes> draw_pin() override { return token_.draw_pin(); }
    Status<> login(const SecretBytes& pin, hsm::Attempt attempt) override {
        return token_.login(pin, attempt);
    }
    Status<> change_pin(const SecretBytes& current, const SecretBytes& next) override {
        return std::exchange(faulty_, false) ? Status<>(Error(Errc::hsm_fault, "a fault"))
                                             : token_.change_pin(current, next);
    }

private:
    PinToken& token_;
    bool faulty_ = true;
};

TEST_F(Pin, AWrongPresentPinAndAFaultLeaveTheKeptOne) {
    ASSERT_TRUE(set(rig.user_pin));
    stop();
    Options options;
    options.state = rig.state();
    options.module = std::string(softhsm::kDefaultModule);
    const pid_t pid = fork();  // a module is loaded once in a process
    if (pid == 0) {
        auto store = PinStore::open(rig.state());
        auto token = HostedToken::open(options);
        if (!store || !token) {
            _exit(2);
        }
        FaultyToken faulty(**token);
        PinKeeper keeper(faulty, std::move(*store));
        const Status<> changed = keeper.set(SecretBytes(std::string_view("not-the-pin")), {});
        _exit(!changed && changed.error().code == Errc::hsm_fault ? 0 : 3);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 0);
    ASSERT_NO_FATAL_FAILURE(rig.start());
    const Status<> entered = login();
    EXPECT_TRUE(entered) << entered.error().describe();
}

TEST_F(Pin, WithoutAKeptPinLoginAsksForAnOperator) {
    const Status<> entered = login();
    ASSERT_FALSE(entered);
    EXPECT_EQ(entered.error().code, Errc::pin_refused);
}

class PinFile : public testing::Test {
protected:
    TemporaryDirectory directory;
};

TEST_F(PinFile, WhatWasSavedIsReadBackByTheNextProcess) {
    {
        auto store = PinStore::open(directory.path());
        ASSERT_TRUE(store);
        KeptPins pins;
        pins.current = PinVersion{3, SecretBytes(std::string_view("current"))};
        pins.next = PinVersion{4, SecretBytes(std::string_view("next"))};
        pins.refused = {1, 2};
        pins.last_version = 4;
        ASSERT_TRUE(store->save(pins));
    }
    const auto store = PinStore::open(directory.path());
    ASSERT_TRUE(store);
    const auto kept = store->read();
    ASSERT_TRUE(kept);
    const KeptPins& pins = *kept;
    EXPECT_EQ(pins.current->version, 3U);
    EXPECT_EQ(as_text(pins.current->pin.reveal(SecretAccess())), "current");
    EXPECT_EQ(as_text(pins.next->pin.reveal(SecretAccess())), "next");
    EXPECT_TRUE(pins.is_refused(2));
    EXPECT_FALSE(pins.is_refused(3));
    EXPECT_EQ(pins.last_version, 4U);
}

TEST_F(PinFile, EveryChangedOrMissingByteIsNoticed) {
    auto store = PinStore::open(directory.path());
    ASSERT_TRUE(store);
    KeptPins pins;
    pins.current = PinVersion{1, SecretBytes(std::string_view("current"))};
    ASSERT_TRUE(store->save(pins));
    const std::string whole = read_text(directory.path() + "/pins");
    EXPECT_EQ(whole.find("current"), std::string::npos);
    const auto opens = [&](const std::string& content) {
        std::ofstream(directory.path() + "/pins", std::ios::trunc) << content;
        const auto read = PinStore::open(directory.path());
        return read.has_value();
    };
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        EXPECT_FALSE(opens(changed)) << at;
        EXPECT_FALSE(opens(whole.substr(0, at))) << at;
    }
    EXPECT_TRUE(opens(whole));
}

// A key store's password: asked of a token only where it is likely right, and a refusal leaves no trace that
// would keep the host from its own login.
TEST_F(Pin, PasswordThatIsNotKeptIsTriedOnlyOnDemandAndLeavesNoWarning) {
    constexpr std::uint64_t kUserPinCountLow = 0x10000;  // CKF_USER_PIN_COUNT_LOW
    const auto try_pin = [&](bool only_if_kept) {
        Child process;
        Client officer = rig.officer(process);
        return officer.control<control::Empty>(control::Operation::try_user_pin,
                                               control::TryUserPin{rig.user_pin.clone(), only_if_kept});
    };
    const auto warned = [&] {
        const auto status =
            rig.control().control<control::Status>(control::Operation::status, control::Empty{});
        return !status || (status->flags & kUserPinCountLow) != 0;
    };
    EXPECT_EQ(try_pin(true).error().code, Errc::data_invalid) << "this host keeps no PIN yet";
    EXPECT_TRUE(try_pin(false)) << "the token knows it";
    ASSERT_TRUE(set(rig.user_pin));  // the token draws another one
    EXPECT_EQ(try_pin(true).error().code, Errc::data_invalid);
    EXPECT_FALSE(warned());
    EXPECT_EQ(try_pin(false).error().code, Errc::pin_refused);
    EXPECT_FALSE(warned());
    stop();
    ASSERT_NO_FATAL_FAILURE(rig.start());
    EXPECT_TRUE(login());
}

}  // namespace
}  // namespace claviger::host::test
