#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pkcs11-helper-1.0/pkcs11.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tools/faulty-pkcs11/functions.hpp"
#include "tools/faulty-pkcs11/plan.hpp"

namespace claviger::faulty {
namespace {

using testing::HasSubstr;

unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

// One SoftHSM token behind the faulty module for the whole program: the module reads its environment once.
struct Token {
    std::filesystem::path directory;
    CK_FUNCTION_LIST* functions = nullptr;
    CK_SLOT_ID slot = 0;
    std::string officer_pin = "87654321";
    std::string user_pin = "12345678";

    Token() {
        std::string name = (std::filesystem::temp_directory_path() / "faulty-XXXXXX").string();
        directory = ::mkdtemp(name.data());
        std::filesystem::create_directory(directory / "tokens");
        std::ofstream(directory / "softhsm2.conf")
            << "directories.tokendir = " << (directory / "tokens").string() << "\nlog.level = ERROR\n";
        ::setenv("SOFTHSM2_CONF", (directory / "softhsm2.conf").c_str(), 1);
        ::setenv("FAULTY_PKCS11_MODULE", "/usr/lib/softhsm/libsofthsm2.so", 1);
        ::setenv("FAULTY_PKCS11_PLAN", plan().c_str(), 1);
        void* library = ::dlopen(FAULTY_PKCS11_LIBRARY, RTLD_NOW | RTLD_LOCAL);
        if (library == nullptr) {
            throw std::runtime_error(::dlerror());
        }
        const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
        get(&functions);
        functions->C_Initialize(nullptr);
        initialise();
    }
    ~Token() {
        functions->C_Finalize(nullptr);
        std::filesystem::remove_all(directory);
    }

    std::filesystem::path plan() const { return directory / "plan"; }

    void initialise() {
        CK_ULONG count = 1;
        functions->C_GetSlotList(CK_FALSE, &slot, &count);
        std::string label(32, ' ');
        functions->C_InitToken(slot, bytes_of(officer_pin), officer_pin.size(), bytes_of(label));
        count = 1;
        functions->C_GetSlotList(CK_TRUE, &slot, &count);
        const CK_SESSION_HANDLE session = open();
        functions->C_Login(session, CKU_SO, bytes_of(officer_pin), officer_pin.size());
        functions->C_InitPIN(session, bytes_of(user_pin), user_pin.size());
        functions->C_Logout(session);
        functions->C_Login(session, CKU_USER, bytes_of(user_pin), user_pin.size());
    }

    CK_SESSION_HANDLE open() const {
        CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
        functions->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session);
        return session;
    }
};

class FaultyPkcs11 : public testing::Test {
protected:
    static void SetUpTestSuite() { token_ = new Token; }
    static void TearDownTestSuite() { delete token_; }

    void SetUp() override { session_ = token_->open(); }
    void TearDown() override {
        order("");
        f().C_CloseSession(session_);
    }

    // Takes effect with the next call.
    static void order(const std::string& rules) {
        std::filesystem::remove(token_->plan().string() + ".applied");
        std::filesystem::remove(token_->plan().string() + ".pins");
        const std::string draft = token_->plan().string() + ".new";
        std::ofstream(draft) << rules << "\nend\n";
        std::filesystem::rename(draft, token_->plan());
    }
    static std::string applied() {
        std::ifstream file(token_->plan().string() + ".applied");
        return {std::istreambuf_iterator<char>(file), {}};
    }
    static CK_FUNCTION_LIST& f() { return *token_->functions; }

    CK_RV random() {
        unsigned char out[8];
        return f().C_GenerateRandom(session_, out, sizeof out);
    }
    CK_OBJECT_HANDLE make_key() {
        CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
        CK_ULONG size = 32;
        CK_BBOOL yes = CK_TRUE;
        CK_ATTRIBUTE attributes[] = {{CKA_VALUE_LEN, &size, sizeof size},
                                     {CKA_ENCRYPT, &yes, sizeof yes},
                                     {CKA_DECRYPT, &yes, sizeof yes}};
        CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
        EXPECT_EQ(f().C_GenerateKey(session_, &mechanism, attributes, std::size(attributes), &key), CKR_OK);
        return key;
    }
    // One AES block, so that equal results mean equal keys.
    std::string encrypt(CK_OBJECT_HANDLE key) {
        CK_MECHANISM mechanism{CKM_AES_ECB, nullptr, 0};
        std::string block(16, 'x');
        std::string out(16, '\0');
        CK_ULONG size = out.size();
        EXPECT_EQ(f().C_EncryptInit(session_, &mechanism, key), CKR_OK);
        EXPECT_EQ(f().C_Encrypt(session_, bytes_of(block), block.size(), bytes_of(out), &size), CKR_OK);
        return out;
    }
    // The wait status of a child that makes one call.
    int status_of_child() {
        const pid_t child = ::fork();
        if (child == 0) {
            random();
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return status;
    }

    static Token* token_;
    CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
};
Token* FaultyPkcs11::token_ = nullptr;

TEST_F(FaultyPkcs11, WithoutPlanEverythingIsForwarded) {
    std::filesystem::remove(token_->plan());
    const CK_OBJECT_HANDLE key = make_key();
    EXPECT_EQ(encrypt(key), encrypt(key));
    EXPECT_EQ(random(), CKR_OK);
    CK_FUNCTION_LIST* again = nullptr;
    ASSERT_EQ(f().C_GetFunctionList(&again), CKR_OK);
    EXPECT_EQ(again, &f());
}

TEST_F(FaultyPkcs11, OrderedCodeIsAnsweredOnceAndRecorded) {
    order("C_GenerateRandom rv 0x30");
    EXPECT_EQ(random(), CKR_DEVICE_ERROR);
    EXPECT_EQ(random(), CKR_OK);
    EXPECT_EQ(applied(), "0 C_GenerateRandom rv 0x30\n");
}

TEST_F(FaultyPkcs11, RulesAreUsedInOrderAndPassLetsOneCallThrough) {
    order("C_GenerateRandom pass\nC_GenerateRandom rv 5\nC_GenerateRandom skip=1 times=2 rv 6");
    const std::vector<CK_RV> answers{random(), random(), random(), random(), random(), random()};
    EXPECT_EQ(answers, (std::vector<CK_RV>{0, 5, 0, 6, 6, 0}));
}

TEST_F(FaultyPkcs11, OtherFunctionsAndPlacesAreNotTouched) {
    order("C_Encrypt rv 5\nC_GenerateRandom where=/another-hsm/ rv 6\n* where=softhsm2.conf rv 7");
    EXPECT_EQ(random(), 7U);
    EXPECT_EQ(random(), CKR_OK);
}

TEST_F(FaultyPkcs11, UnfinishedPlanIsNotTaken) {
    order("");
    EXPECT_EQ(random(), CKR_OK);
    std::ofstream(token_->plan()) << "C_GenerateRandom rv 5\n";
    EXPECT_EQ(random(), CKR_OK);
    std::ofstream(token_->plan(), std::ios::app) << "end\n";
    EXPECT_EQ(random(), CKR_GENERAL_ERROR);
}

TEST_F(FaultyPkcs11, AnswerAfterDoesTheWork) {
    const CK_OBJECT_HANDLE key = make_key();
    order("C_DestroyObject rv-after 0x30");
    EXPECT_EQ(f().C_DestroyObject(session_, key), CKR_DEVICE_ERROR);
    EXPECT_EQ(f().C_DestroyObject(session_, key), CKR_OBJECT_HANDLE_INVALID);
}

TEST_F(FaultyPkcs11, DelayWaitsThenForwards) {
    order("C_GenerateRandom delay 30");
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(random(), CKR_OK);
    EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(30));
}

TEST_F(FaultyPkcs11, SwapExchangesTwoKeysFromThenOn) {
    const CK_OBJECT_HANDLE first = make_key();
    const CK_OBJECT_HANDLE second = make_key();
    const std::string by_first = encrypt(first);
    const std::string by_second = encrypt(second);
    ASSERT_NE(by_first, by_second);
    order("C_EncryptInit swap");
    EXPECT_EQ(encrypt(second), by_first);
    EXPECT_EQ(encrypt(second), by_first);
    EXPECT_EQ(encrypt(first), by_second);
    EXPECT_EQ(f().C_DestroyObject(session_, second), CKR_OK);
    EXPECT_EQ(encrypt(first), by_second);
}

TEST_F(FaultyPkcs11, SwapCallExchangesTwoKeysForOneCall) {
    const CK_OBJECT_HANDLE first = make_key();
    const CK_OBJECT_HANDLE second = make_key();
    const std::string by_first = encrypt(first);
    const std::string by_second = encrypt(second);
    order("C_EncryptInit swap-call");
    EXPECT_EQ(encrypt(second), by_first);
    EXPECT_EQ(encrypt(second), by_second);
}

TEST_F(FaultyPkcs11, AbortAndKillEndTheProcessOncePerPlan) {
    order("C_GenerateRandom abort\nC_GenerateRandom kill");
    const int aborted = status_of_child();
    EXPECT_TRUE(WIFSIGNALED(aborted) && WTERMSIG(aborted) == SIGABRT);
    const int killed = status_of_child();
    EXPECT_TRUE(WIFSIGNALED(killed) && WTERMSIG(killed) == SIGKILL);
    EXPECT_EQ(status_of_child(), 0);
}

TEST_F(FaultyPkcs11, AKillCanComeWhileTheCallGoesOn) {
    order("C_GenerateRandom kill-within 100");
    const pid_t child = ::fork();
    if (child == 0) {
        random();
        for (;;) {
            ::pause();
        }
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    EXPECT_THAT(applied(), HasSubstr("kill-within 100"));
}

TEST_F(FaultyPkcs11, AKillCanMeetTheParent) {
    order("C_GenerateRandom kill-parent-within 100");
    const pid_t parent = ::fork();
    if (parent == 0) {
        if (::fork() == 0) {
            random();
            ::_exit(0);
        }
        for (;;) {
            ::pause();
        }
    }
    int status = 0;
    ::waitpid(parent, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST_F(FaultyPkcs11, HangNeverReturns) {
    order("C_GenerateRandom hang");
    const pid_t child = ::fork();
    if (child == 0) {
        random();
        ::_exit(0);
    }
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (applied().empty() && std::chrono::steady_clock::now() < limit) {
        ::usleep(1000);
    }
    int status = 0;
    EXPECT_THAT(applied(), HasSubstr("hang"));
    EXPECT_EQ(::waitpid(child, &status, WNOHANG), 0);
    ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
}

TEST_F(FaultyPkcs11, WrongPinsAreCountedAndLockWithTheRealFlags) {
    f().C_Logout(session_);
    order("* pin-limit 3");
    const auto flags = [&] {
        CK_TOKEN_INFO info{};
        EXPECT_EQ(f().C_GetTokenInfo(token_->slot, &info), CKR_OK);
        return info.flags & (CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED);
    };
    const auto login = [&](std::string pin) {
        return f().C_Login(session_, CKU_USER, bytes_of(pin), pin.size());
    };
    EXPECT_EQ(login("wrong pin"), CKR_PIN_INCORRECT);
    EXPECT_EQ(flags(), CKF_USER_PIN_COUNT_LOW);
    EXPECT_EQ(login("wrong pin"), CKR_PIN_INCORRECT);
    EXPECT_EQ(flags(), CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY);
    EXPECT_EQ(login("wrong pin"), CKR_PIN_INCORRECT);
    EXPECT_EQ(login(token_->user_pin), CKR_PIN_LOCKED);
    EXPECT_EQ(flags() & CKF_USER_PIN_LOCKED, CKF_USER_PIN_LOCKED);

    EXPECT_EQ(f().C_Login(session_, CKU_SO, bytes_of(token_->officer_pin), token_->officer_pin.size()),
              CKR_OK);
    EXPECT_EQ(f().C_InitPIN(session_, bytes_of(token_->user_pin), token_->user_pin.size()), CKR_OK);
    f().C_Logout(session_);
    EXPECT_EQ(login(token_->user_pin), CKR_OK);
}

struct BadPlan {
    const char* text;
    const char* complaint;
};
class FaultyPlanText : public testing::TestWithParam<BadPlan> {};

TEST_P(FaultyPlanText, MistakeIsNamedWithItsLine) {
    const std::optional<ParsedPlan> plan = parse_plan(GetParam().text);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->error, GetParam().complaint);
}
INSTANTIATE_TEST_SUITE_P(
    Mistakes, FaultyPlanText,
    testing::Values(BadPlan{"C_Encrpyt pass\nend", "line 1: unknown function 'C_Encrpyt'"},
                    BadPlan{"# a\nC_Encrypt hag\nend", "line 2: unknown action 'hag'"},
                    BadPlan{"C_Encrypt skip=x pass\nend", "line 1: bad option 'skip=x'"},
                    BadPlan{"C_Encrypt times=0 pass\nend", "line 1: bad option 'times=0'"},
                    BadPlan{"C_Encrypt rv\nend", "line 1: 'rv' takes one argument"},
                    BadPlan{"C_Encrypt rv 0xZ\nend", "line 1: '0xZ' is not a number"},
                    BadPlan{"C_Encrypt skip=1\nend", "line 1: no action"}));

}  // namespace
}  // namespace claviger::faulty
