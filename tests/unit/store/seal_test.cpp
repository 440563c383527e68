#include "src/store/seal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "src/store/set_digest.hpp"
#include "tests/unit/store/support.hpp"

namespace claviger::store {
namespace {

class SealingKeyFile : public testing::Test {
protected:
    std::filesystem::path write(std::string_view content, unsigned mode = 0600) {
        const std::filesystem::path path = directory_ / "sealing.key";
        std::ofstream(path, std::ios::binary) << content;
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return path;
    }

    TemporaryDirectory directory_;
    SystemRandom random_;
};

TEST_F(SealingKeyFile, CreatedKeyIsPrivateAndLoadsAgain) {
    const std::filesystem::path path = directory_ / "sealing.key";
    const Result<SealingKey> created = SealingKey::create(path, random_);
    ASSERT_TRUE(created) << why(created);
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    EXPECT_EQ(SealingKey::load(path)->id(), created->id());
}

TEST_F(SealingKeyFile, ExistingFileIsNeverReplaced) {
    const std::filesystem::path path = write(std::string(32, 'k'));
    EXPECT_EQ(SealingKey::create(path, random_).error().code, Errc::io_error);
    EXPECT_TRUE(SealingKey::load(path));
}

TEST_F(SealingKeyFile, RawAndHexFormsOfOneKeyAreEqual) {
    const Sha256Digest raw = SealingKey::load(write(std::string(32, '\x6b')))->id();
    std::string hex;
    for (int i = 0; i < 32; ++i) {
        hex += "6B";
    }
    EXPECT_EQ(SealingKey::load(write(hex))->id(), raw);
    EXPECT_EQ(SealingKey::load(write(hex + "\n"))->id(), raw);
}

TEST_F(SealingKeyFile, FileThatOthersCanReadIsRefused) {
    for (const unsigned mode : {0640U, 0604U, 0660U, 0666U}) {
        const Result<SealingKey> loaded = SealingKey::load(write(std::string(32, 'k'), mode));
        ASSERT_FALSE(loaded);
        EXPECT_THAT(loaded.error().detail, testing::HasSubstr("chmod 0600"));
    }
}

TEST_F(SealingKeyFile, FifoIsRefusedAtOnce) {
    const std::filesystem::path path = directory_ / "fifo";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_EQ(SealingKey::load(path).error().code, Errc::bad_config);
}

TEST_F(SealingKeyFile, SystemdCredentialMayHaveItsOwnMode) {
    const std::filesystem::path path = write(std::string(32, 'k'), 0440);
    ASSERT_EQ(::setenv("CREDENTIALS_DIRECTORY", directory_.path().c_str(), 1), 0);
    EXPECT_TRUE(SealingKey::load(path));
    ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_F(SealingKeyFile, WrongSizesAndDigitsAreRefused) {
    for (const std::string& content : {std::string(), std::string(31, 'k'), std::string(33, 'k'),
                                       std::string(64, 'g'), std::string(65, 'a'), std::string(200, 'a')}) {
        const Result<SealingKey> loaded = SealingKey::load(write(content));
        ASSERT_FALSE(loaded) << content;
        EXPECT_EQ(loaded.error().code, Errc::bad_config);
    }
    EXPECT_EQ(SealingKey::load(directory_ / "absent").error().code, Errc::bad_config);
    EXPECT_EQ(SealingKey::load(directory_.path()).error().code, Errc::bad_config);
}

class ServiceSecret : public SealingKeyFile {
protected:
    SealingKey key_ = SealingKey::create(directory_ / "service.key", random_).value();
};

TEST_F(ServiceSecret, OpensForItsRow) {
    const Bytes sealed =
        seal_secret(key_, random_, "access_keys", "AKIA1", SecretBytes("wJalrXUtnFEMI")).value();
    EXPECT_EQ(open_secret(key_, "access_keys", "AKIA1", sealed).value(), SecretBytes("wJalrXUtnFEMI"));
    EXPECT_THAT(std::string(as_text(sealed)), testing::Not(testing::HasSubstr("wJalr")));
}

TEST_F(ServiceSecret, EmptySecretOpens) {
    const Bytes sealed = seal_secret(key_, random_, "t", "k", SecretBytes()).value();
    EXPECT_TRUE(open_secret(key_, "t", "k", sealed)->empty());
}

TEST_F(ServiceSecret, OpensForNoOtherRowTableOrKey) {
    const Bytes sealed = seal_secret(key_, random_, "access_keys", "AKIA1", SecretBytes("secret")).value();
    EXPECT_EQ(open_secret(key_, "access_keys", "AKIA2", sealed).error().code, Errc::integrity);
    EXPECT_EQ(open_secret(key_, "hsms", "AKIA1", sealed).error().code, Errc::integrity);
    EXPECT_EQ(open_secret(key_, "access_keysA", "KIA1", sealed).error().code, Errc::integrity);
    const SealingKey other = SealingKey::create(directory_ / "other.key", random_).value();
    EXPECT_EQ(open_secret(other, "access_keys", "AKIA1", sealed).error().code, Errc::integrity);
}

TEST_F(ServiceSecret, EveryChangedOrMissingByteIsFound) {
    const Bytes sealed = seal_secret(key_, random_, "t", "k", SecretBytes("secret")).value();
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        Bytes changed = sealed;
        changed[i] ^= std::byte{1};
        EXPECT_FALSE(open_secret(key_, "t", "k", changed)) << i;
        EXPECT_FALSE(open_secret(key_, "t", "k", ByteView(sealed).first(i))) << i;
    }
}

TEST_F(ServiceSecret, SealingTwiceGivesDifferentBytes) {
    const SecretBytes secret("secret");
    EXPECT_NE(seal_secret(key_, random_, "t", "k", secret).value(),
              seal_secret(key_, random_, "t", "k", secret).value());
}

TEST_F(ServiceSecret, RowSealsDependOnTheBoundariesBetweenCells) {
    const Sealer sealer(key_);
    const std::array ab_c{Cell::of_text("ab"), Cell::of_text("c")};
    const std::array a_bc{Cell::of_text("a"), Cell::of_text("bc")};
    const std::array blob{Cell::of_blob(as_bytes("ab")), Cell::of_text("c")};
    EXPECT_NE(sealer.row("t", ab_c, 1), sealer.row("t", a_bc, 1));
    EXPECT_NE(sealer.row("t", ab_c, 1), sealer.row("t", blob, 1));
    EXPECT_NE(sealer.row("t", ab_c, 1), sealer.row("t", ab_c, 2));
    EXPECT_NE(sealer.row("t", ab_c, 1), sealer.row("u", ab_c, 1));
}

}  // namespace
}  // namespace claviger::store
