// SoftHSM's files torn as a kill or a power cut tears them, and put back from the shadow.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <thread>

#include "hsm/softhsm/object_file.hpp"
#include "tests/unit/hsm/tokens.hpp"

namespace claviger::test {
namespace {

namespace fs = std::filesystem;
using softhsm::FileLock;
using softhsm::Shadow;
using softhsm::TokenDirectory;

Bytes read_all(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    return to_bytes(as_bytes(text));
}

class ShadowTest : public testing::Test {
protected:
    // A member with a CWK, an identity and one KMS key as a token object; saved, closed, module unloaded.
    void make_member(Shadow shadow) {
        soft_ = std::make_unique<SoftHsm>(shadow);
        member_ = provision_member(*soft_);
        const auto identity = expect_value(hsm::create_identity(*member_.slow, kTestCwk));
        expect_value(hsm::install_identity(*member_.slow, identity.token));
        key_token_ = expect_value(member_.slow->create_key(kTestCwk, test_identity("key-1"))).token;
        expect_value(member_.slow->load_key(key_token_, hsm::Residency::token));
        expect_value(soft_->directory().save());
        SoftHsm::close(member_);
    }
    std::vector<fs::path> files(const std::string& below) const {
        std::vector<fs::path> out;
        for (const auto& entry : fs::recursive_directory_iterator(soft_->path() + "/" + below)) {
            if (entry.is_regular_file() && entry.path().extension() != ".lock") {
                out.push_back(entry.path());
            }
        }
        std::ranges::sort(out, [](const fs::path& a, const fs::path& b) { return a < b; });
        return out;
    }
    // Opens the directory as the next start does, then logs in and uses CWK and identity.
    std::vector<std::string> restart_and_use() {
        const auto directory = expect_value(TokenDirectory::open(soft_->path(), Shadow::on));
        soft_->reload();
        SoftHsm::open(soft_->module(), member_);
        EXPECT_THAT(member_.token->cwks(), testing::ElementsAre(kTestCwk));
        EXPECT_TRUE(hsm::identity_sign(*member_.slow, as_bytes("x")));
        EXPECT_TRUE(member_.slow->load_key(key_token_, hsm::Residency::session));
        SoftHsm::close(member_);
        return directory->restored();
    }

    std::unique_ptr<SoftHsm> soft_;
    OpenToken member_;
    Bytes key_token_;
};

TEST_F(ShadowTest, HoldsEverythingButKmsKeys) {
    make_member(Shadow::on);
    EXPECT_TRUE(soft_->directory().has_shadow());
    EXPECT_EQ(files("tokens").size(), 5u);  // generation, token, CWK, identity, KMS key
    EXPECT_EQ(files("shadow").size(), 4u);
}

TEST_F(ShadowTest, EveryTornFileIsPutBack) {
    make_member(Shadow::on);
    for (const fs::path& copy : files("shadow")) {
        const fs::path live =
            fs::path(soft_->path()) / "tokens" / fs::relative(copy, soft_->path() + "/shadow");
        const Bytes whole = read_all(live);
        for (const std::size_t size : {std::size_t{0}, std::size_t{7}, whole.size() / 2, whole.size() - 1}) {
            SCOPED_TRACE(copy.filename().string() + " cut to " + std::to_string(size));
            fs::resize_file(live, size);
            EXPECT_THAT(restart_and_use(), testing::Contains(copy.filename().string()));
        }
        SCOPED_TRACE(copy.filename().string() + " removed");
        fs::remove(live);
        EXPECT_THAT(restart_and_use(), testing::Contains(copy.filename().string()));
    }
}

TEST_F(ShadowTest, FileCutBetweenTwoAttributesIsSeenAsTorn) {
    make_member(Shadow::on);
    const auto live = files("tokens");
    const auto token =
        std::ranges::find(live, "token.object", [](const fs::path& p) { return p.filename().string(); });
    ASSERT_NE(token, live.end());
    const Bytes whole = read_all(*token);
    std::size_t cuts = 0;
    for (std::size_t size = 9; size < whole.size(); ++size) {
        if (!softhsm::parse_object_file(ByteView(whole).first(size))) {
            continue;
        }
        ++cuts;
        fs::resize_file(*token, size);
        EXPECT_THAT(restart_and_use(), testing::Contains("token.object")) << size;
    }
    EXPECT_GE(cuts, 3u);
}

// What a power failure leaves of an object file whose middle never reached the disk: it parses.
TEST_F(ShadowTest, AFileWithAHoleInTheMiddleOfAValueIsPutBack) {
    make_member(Shadow::on);
    std::size_t holes = 0;
    for (const fs::path& live : files("tokens")) {
        const Bytes whole = read_all(live);
        const auto parsed = softhsm::parse_object_file(whole);
        if (!parsed || softhsm::is_kms_key(*parsed) || live.filename() == "token.object") {
            continue;
        }
        constexpr std::size_t kHole = 32;
        for (std::size_t at = 8; at + kHole < whole.size(); at += kHole) {
            Bytes holed = whole;
            std::fill_n(holed.begin() + static_cast<std::ptrdiff_t>(at), kHole, std::byte{0});
            if (holed == whole || !softhsm::parse_object_file(holed)) {
                continue;
            }
            ++holes;
            std::ofstream(live, std::ios::binary) << as_text(holed);
            EXPECT_THAT(restart_and_use(), testing::Contains(live.filename().string()));
            EXPECT_EQ(read_all(live), whole);
            break;
        }
    }
    EXPECT_EQ(holes, 2u);  // wrapping key and identity
}

TEST_F(ShadowTest, WholeFilesAreLeftAlone) {
    make_member(Shadow::on);
    EXPECT_THAT(restart_and_use(), testing::IsEmpty());
}

// Else the login would wait for the write-back that the login before it started.
TEST_F(ShadowTest, AStartGivesSoftHsmATokenObjectOfItsOwn) {
    make_member(Shadow::on);
    const auto live = files("tokens");
    const auto file =
        std::ranges::find(live, "token.object", [](const fs::path& p) { return p.filename().string(); });
    ASSERT_NE(file, live.end());
    const fs::path kept = soft_->path() + "/kept";
    fs::create_hard_link(*file, kept);
    const Bytes before = read_all(*file);
    expect_value(TokenDirectory::open(soft_->path(), Shadow::on));
    EXPECT_FALSE(fs::equivalent(*file, kept));
    EXPECT_EQ(read_all(*file), before);
}

TEST_F(ShadowTest, DestroyedTransportKeyIsNotBroughtBackAfterTheNextSave) {
    make_member(Shadow::on);
    SoftHsm::open(soft_->module(), member_);
    expect_value(hsm::make_transport(*member_.slow, hsm::Membership::open));
    expect_value(soft_->directory().save());
    expect_value(hsm::drop_transport(*member_.slow));
    expect_value(soft_->directory().save());
    SoftHsm::close(member_);
    EXPECT_THAT(restart_and_use(), testing::IsEmpty());
    EXPECT_EQ(files("shadow").size(), 4u);
}

// SoftHSM fills an object file at the end of the call that makes it; another process may save meanwhile.
TEST_F(ShadowTest, AnObjectThatAnotherProcessIsMakingIsWaitedFor) {
    make_member(Shadow::on);
    const auto shadows = files("shadow");
    const auto whole = std::ranges::find_if(
        shadows, [](const fs::path& p) { return p.extension() == ".object" && p.stem() != "token"; });
    ASSERT_NE(whole, shadows.end());
    const fs::path live =
        fs::path(soft_->path()) / "tokens" / whole->parent_path().filename() / "young.object";
    std::ofstream(live).close();
    std::jthread maker([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the length of the other's call
        fs::copy_file(*whole, live, fs::copy_options::overwrite_existing);
    });
    expect_value(soft_->directory().save());
    EXPECT_EQ(files("shadow").size(), 5u);
}

TEST_F(ShadowTest, ChangedPinReachesTheShadowWithoutASave) {
    make_member(Shadow::on);
    const auto facts = expect_value(soft_->module().find_token(member_.facts.serial));
    auto token = expect_value(hsm::Token::open(soft_->module(), facts.slot, {.guard = &soft_->directory()}));
    expect_value(token->login(member_.user_pin));
    SecretBytes next = softhsm::random_pin();
    expect_value(token->change_pin(member_.user_pin, next));
    token.reset();
    member_.user_pin = std::move(next);
    for (const fs::path& file : files("tokens")) {
        if (file.filename() == "token.object") {
            fs::resize_file(file, 0);
        }
    }
    EXPECT_THAT(restart_and_use(), testing::Contains("token.object"));
}

// What a power failure leaves when the change of a PIN never reached the disk but its shadow did.
TEST_F(ShadowTest, ATokenObjectFromBeforeThePinChangeIsPutBack) {
    make_member(Shadow::on);
    const auto facts = expect_value(soft_->module().find_token(member_.facts.serial));
    const auto live = files("tokens");
    const auto file =
        std::ranges::find(live, "token.object", [](const fs::path& p) { return p.filename().string(); });
    ASSERT_NE(file, live.end());
    const Bytes before = read_all(*file);
    auto token = expect_value(hsm::Token::open(soft_->module(), facts.slot, {.guard = &soft_->directory()}));
    expect_value(token->login(member_.user_pin));
    SecretBytes next = softhsm::random_pin();
    expect_value(token->change_pin(member_.user_pin, next));
    token.reset();
    member_.user_pin = std::move(next);
    std::ofstream(*file, std::ios::binary) << as_text(before);
    EXPECT_THAT(restart_and_use(), testing::Contains("token.object"));
}

// The planted fault: without a shadow the same cut loses the token.
TEST_F(ShadowTest, TokenIsLostWhenTheShadowIsOff) {
    make_member(Shadow::off);
    EXPECT_FALSE(soft_->directory().has_shadow());
    for (const fs::path& file : files("tokens")) {
        if (file.filename() == "token.object") {
            fs::resize_file(file, 0);
        }
    }
    const auto directory = expect_value(TokenDirectory::open(soft_->path(), Shadow::off));
    EXPECT_THAT(directory->restored(), testing::IsEmpty());
    soft_->reload();
    EXPECT_FALSE(soft_->module().find_token(member_.facts.serial));
}

TEST_F(ShadowTest, ErasedDirectoryStartsEmptyWithAnotherSerial) {
    make_member(Shadow::on);
    const std::string serial = member_.facts.serial;
    expect_value(TokenDirectory::erase(soft_->path()));
    const auto directory = expect_value(TokenDirectory::open(soft_->path(), Shadow::on));
    EXPECT_FALSE(directory->has_shadow());
    soft_->reload();
    EXPECT_FALSE(soft_->module().find_token(serial));
    const OpenToken fresh = soft_->provision("fresh");
    EXPECT_NE(fresh.facts.serial, serial);
}

TEST(FileLockTest, NamesTheProcessThatHoldsIt) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/lock";
    const auto held = expect_value(FileLock::acquire(path, std::chrono::milliseconds(0)));
    const auto second = FileLock::acquire(path, std::chrono::milliseconds(20));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::conflict);
    EXPECT_NE(second.error().detail.find("pid " + std::to_string(::getpid())), std::string::npos);
    EXPECT_EQ(fs::file_size(path), 0u);
}

TEST(FileLockTest, WaitsForTheHolder) {
    const TemporaryDirectory directory;
    const std::string path = directory.path() + "/lock";
    auto held =
        std::make_unique<FileLock>(expect_value(FileLock::acquire(path, std::chrono::milliseconds(0))));
    std::jthread waiter([&] { EXPECT_TRUE(FileLock::acquire(path, std::chrono::seconds(30))); });
    held.reset();
}

TEST(SharedTokenDirectory, ATokenThatIsBeingWrittenHidesNoOther) {
    SoftHsm soft;
    const OpenToken ours = soft.provision("ours");
    const auto token_files = [&] {
        std::set<fs::path> found;
        for (const auto& entry : fs::recursive_directory_iterator(soft.path())) {
            if (entry.path().filename() == "token.object") {
                found.insert(entry.path());
            }
        }
        return found;
    };
    const std::set<fs::path> before = token_files();
    const OpenToken other = soft.provision("other");
    for (const fs::path& file : token_files()) {
        if (!before.contains(file)) {
            fs::resize_file(file, 0);  // as in the middle of another process's C_Login
        }
    }
    CK_TOKEN_INFO info;
    ASSERT_NE(soft.module().functions()->C_GetTokenInfo(other.facts.slot.value(), &info), CKR_OK);

    EXPECT_EQ(expect_value(soft.module().find_token(ours.facts.serial)).slot, ours.facts.slot);
    EXPECT_EQ(expect_value(soft.module().token_in(ours.facts.slot)).serial, ours.facts.serial);
    EXPECT_TRUE(ours.token->facts());
    const Result<hsm::TokenFacts> torn = soft.module().find_token(other.facts.serial);
    ASSERT_FALSE(torn);
    EXPECT_NE(torn.error().code, Errc::not_found) << "it may be there";
    // Whoever concludes from absence is not answered: a token that speaks again is not the one just made.
    EXPECT_FALSE(soft.module().every_token());
    const hsm::NewToken wanted{
        .label = "new", .officer_pin = softhsm::random_pin(), .user_pin = softhsm::random_pin()};
    EXPECT_FALSE(hsm::init_token(soft.module(), wanted, nullptr));
}

}  // namespace
}  // namespace claviger::test
