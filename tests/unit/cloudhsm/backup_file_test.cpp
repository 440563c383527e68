// The file of a backup: what comes back, and that nothing of it can be changed.
#include "src/cloudhsm/backup_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>

#include <claviger/cluster/trust.hpp>

#include "tests/unit/store/support.hpp"

namespace claviger::cloudhsm {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key new_key() {
    return {EVP_RSA_gen(2048), &EVP_PKEY_free};
}

Bytes request_of(const Key& key) {
    const std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> request(X509_REQ_new(), &X509_REQ_free);
    X509_REQ_set_pubkey(request.get(), key.get());
    X509_REQ_sign(request.get(), key.get(), EVP_sha256());
    unsigned char* der = nullptr;
    const int size = i2d_X509_REQ(request.get(), &der);
    Bytes bytes = to_bytes(std::as_bytes(std::span(der, static_cast<std::size_t>(size))));
    OPENSSL_free(der);
    return bytes;
}

// As a host does it: the domain, then the digest.
Bytes sign(const Key& key, ByteView encoded) {
    Bytes message = to_bytes(as_bytes("claviger-backup-v1"));
    append(message, sha256(encoded));
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
    Bytes signature(256);
    std::size_t size = signature.size();
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<const unsigned char*>(message.data()), message.size());
    return signature;
}

class BackupFile : public testing::Test {
protected:
    BackupFile() {
        const WallTime now = SystemClock().wall();
        auto authority = cluster::DevAuthority::create("test", now);
        contents_.id = BackupId("backup-aaaaaaaaaaa");
        contents_.created = now;
        store::ClusterRecord facts;
        facts.id = ClusterId("cluster-1");
        facts.recovery_bundle = Bytes(7);
        facts.certificate_pem = authority->sign(request_of(key_), now).value();
        facts.trust_anchor_pem = authority->certificate_pem();
        contents_.rows.clusters = {facts};
        contents_.rows.cloudhsm_clusters = {store::cloudhsm_cluster("cluster-1")};
        contents_.rows.cluster_users = {store::cluster_user("admin")};
        contents_.rows.key_stores = {store::key_store("cks-1")};
        contents_.rows.keys = {store::key("k1")};
        contents_.rows.materials = {store::material("k1", std::string(64, 'a'))};
        contents_.rows.aliases = {store::alias("alias/a", "k1")};
        contents_.rows.grants = {store::grant("k1", "g1")};
        contents_.rows.rotations = {store::rotation("k1", "m1")};
        contents_.rows.rotation_schedules = {store::schedule("k1")};
    }

    Bytes file() const {
        Bytes encoded = encode_backup(contents_);
        const Bytes signature = sign(key_, encoded);
        return sign_off(std::move(encoded), signature);
    }

    Key key_ = new_key();
    BackupContents contents_;
};

TEST_F(BackupFile, WhatWasPutInComesBackWithoutPasswords) {
    const Result<BackupContents> back = open_backup(file());
    ASSERT_TRUE(back) << back.error().describe();
    EXPECT_EQ(back->id, contents_.id);
    EXPECT_EQ(back->created, contents_.created);
    EXPECT_EQ(back->facts().recovery_bundle.size(), 7U);
    EXPECT_EQ(back->cluster().tags, contents_.cluster().tags);
    EXPECT_EQ(back->rows.cluster_users.at(0).name, "admin");
    EXPECT_EQ(back->rows.keys.at(0).policy, contents_.rows.keys[0].policy);
    EXPECT_EQ(back->rows.keys.at(0).version, 0U);
    EXPECT_EQ(back->rows.materials.at(0).key_token, contents_.rows.materials[0].key_token);
    EXPECT_EQ(back->rows.aliases.size() + back->rows.grants.size() + back->rows.rotations.size() +
                  back->rows.rotation_schedules.size(),
              4U);
    ASSERT_FALSE(contents_.rows.key_stores[0].sealed_password.empty());
    EXPECT_TRUE(back->rows.key_stores.at(0).sealed_password.empty());
    EXPECT_EQ(back->rows.key_stores.at(0).state, store::ConnectionState::disconnected);
}

TEST_F(BackupFile, AnyChangedByteIsRefused) {
    Bytes changed = file();
    ASSERT_TRUE(open_backup(changed));
    for (std::byte& byte : changed) {
        byte ^= std::byte{1};
        const Result<BackupContents> opened = open_backup(changed);
        EXPECT_FALSE(opened) << "byte " << (&byte - changed.data());
        EXPECT_TRUE(opened || opened.error().code == Errc::integrity);
        byte ^= std::byte{1};
    }
}

TEST_F(BackupFile, APartOfItAndMoreThanItAreRefused) {
    Bytes whole = file();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(open_backup(ByteView(whole).first(size))) << size;
    }
    whole.push_back(std::byte{0});
    EXPECT_FALSE(open_backup(whole));
}

TEST_F(BackupFile, ASignatureByAnotherKeyIsRefused) {
    Bytes encoded = encode_backup(contents_);
    const Bytes signature = sign(new_key(), encoded);
    EXPECT_FALSE(open_backup(sign_off(std::move(encoded), signature)));
}

TEST_F(BackupFile, AFileWithoutItsClusterIsRefused) {
    contents_.rows.cloudhsm_clusters.clear();
    EXPECT_FALSE(open_backup(file()));
}

}  // namespace
}  // namespace claviger::cloudhsm
