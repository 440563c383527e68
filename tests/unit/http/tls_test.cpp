#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/ui.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "src/http/tls.hpp"
#include "tests/unit/http/test_server.hpp"

namespace claviger::http {
namespace {

using test::RawClient;
using test::Response;
using test::signed_request;
using test::TestServer;
using testing::HasSubstr;

TlsFiles make_certificate(const std::filesystem::path& directory, const std::string& name) {
    TlsFiles files{directory / (name + ".crt"), directory / (name + ".key")};
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME* const subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    FILE* file = std::fopen(files.certificate.c_str(), "w");
    PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(files.key.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return files;
}

// A TLS client on a RawClient's socket.
class TlsClient {
public:
    explicit TlsClient(std::uint16_t port, int max_version = TLS1_3_VERSION,
                       std::string alpn = "\x08http/1.1")
        : raw_(port), context_(SSL_CTX_new(TLS_client_method())) {
        SSL_CTX_set_max_proto_version(context_, max_version);
        SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
        SSL_CTX_set_security_level(context_, 0);
        ssl_ = SSL_new(context_);
        SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned>(alpn.size()));
        SSL_set_fd(ssl_, raw_.fd());
        connected_ = SSL_connect(ssl_) == 1;
    }
    ~TlsClient() {
        SSL_free(ssl_);
        SSL_CTX_free(context_);
    }
    bool connected() const { return connected_; }
    std::string subject() const {
        X509* const certificate = SSL_get1_peer_certificate(ssl_);
        char name[64] = {};
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
        X509_free(certificate);
        return name;
    }
    std::string alpn() const {
        const unsigned char* chosen = nullptr;
        unsigned size = 0;
        SSL_get0_alpn_selected(ssl_, &chosen, &size);
        return {reinterpret_cast<const char*>(chosen), size};
    }
    std::optional<Response> ask(const std::string& wire) {
        if (SSL_write(ssl_, wire.data(), static_cast<int>(wire.size())) <= 0) {
            return std::nullopt;
        }
        std::string rest;
        for (;;) {
            auto responses = test::split_responses(buffer_, rest);
            if (!responses.empty()) {
                buffer_ = rest;
                return responses.front();
            }
            char piece[4096];
            const int got = SSL_read(ssl_, piece, sizeof(piece));
            if (got <= 0) {
                return std::nullopt;
            }
            buffer_.append(piece, static_cast<std::size_t>(got));
        }
    }

private:
    RawClient raw_;
    SSL_CTX* context_;
    SSL* ssl_ = nullptr;
    bool connected_ = false;
    std::string buffer_;
};

class HttpTls : public testing::Test {
protected:
    HttpTls()
        : directory_(std::filesystem::path(testing::TempDir()) /
                     ("claviger-tls-" + std::to_string(getpid()))) {
        std::filesystem::create_directory(directory_);
        fixture_.options.tls = make_certificate(directory_, "first");
        fixture_.start();
    }
    ~HttpTls() override { std::filesystem::remove_all(directory_); }
    std::string request(std::string_view body) { return signed_request("Echo", body, fixture_.clock.wall()); }

    std::filesystem::path directory_;
    TestServer fixture_;
};

TEST_F(HttpTls, Tls13IsServedAndReachesTheCall) {
    TlsClient client(fixture_.port());
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(client.alpn(), "http/1.1");
    EXPECT_EQ(client.ask(request("over TLS"))->body, "over TLS");
    EXPECT_EQ(fixture_.service.last_tls_version(), "TLSv1.3");
    const std::string large(300'000, 'y');
    EXPECT_EQ(client.ask(request(large))->body, large);
}

TEST_F(HttpTls, Tls12IsServedAndTls11IsNot) {
    TlsClient twelve(fixture_.port(), TLS1_2_VERSION);
    ASSERT_TRUE(twelve.connected());
    EXPECT_EQ(twelve.ask(request("12"))->body, "12");
    EXPECT_EQ(fixture_.service.last_tls_version(), "TLSv1.2");
    TlsClient eleven(fixture_.port(), TLS1_1_VERSION);
    EXPECT_FALSE(eleven.connected());
}

TEST_F(HttpTls, ClientThatOffersOnlyHttp2IsRefused) {
    TlsClient client(fixture_.port(), TLS1_3_VERSION, "\x02h2");
    EXPECT_FALSE(client.connected() && client.ask(request("x")).has_value());
}

TEST_F(HttpTls, ReloadChangesTheCertificateOfNewConnectionsAndKeepsOldOnes) {
    TlsClient before(fixture_.port());
    ASSERT_TRUE(before.connected());
    EXPECT_EQ(before.subject(), "first");
    ASSERT_TRUE(fixture_.server().reload_tls(make_certificate(directory_, "second")));
    EXPECT_EQ(before.ask(request("old"))->body, "old");
    TlsClient after(fixture_.port());
    ASSERT_TRUE(after.connected());
    EXPECT_EQ(after.subject(), "second");
    EXPECT_EQ(after.ask(request("new"))->body, "new");
}

TEST_F(HttpTls, OverTheConnectionLimitTheHandshakeEndsWithoutBytesThatAreNoTls) {
    TestServer full;
    full.options.tls = fixture_.options.tls;
    full.options.io_threads = 1;
    full.options.limits.connections = 1;
    full.start();
    RawClient busy(full.port());
    busy.send("\x16");  // a handshake begun, so it is not idle
    while (full.server().connections() == 0) {
        std::this_thread::yield();
    }
    RawClient refused(full.port());
    EXPECT_TRUE(refused.closed_within(std::chrono::seconds(3)));
    EXPECT_EQ(refused.rest(), "");
}

bool asked_for_passphrase = false;

// At a terminal a start would wait for an answer; here the question is seen and left without one.
TEST_F(HttpTls, EncryptedKeyIsRefusedWithoutAQuestion) {
    const TlsFiles& files = *fixture_.options.tls;
    const std::filesystem::path encrypted = directory_ / "encrypted.key";
    FILE* file = std::fopen(files.key.c_str(), "r");
    EVP_PKEY* const key = PEM_read_PrivateKey(file, nullptr, nullptr, nullptr);
    std::fclose(file);
    file = std::fopen(encrypted.c_str(), "w");
    char passphrase[] = "passphrase";
    ASSERT_EQ(PEM_write_PKCS8PrivateKey(file, key, EVP_aes_256_cbc(), passphrase, 10, nullptr, nullptr), 1);
    std::fclose(file);
    EVP_PKEY_free(key);
    UI_METHOD* const terminal = UI_create_method("test");
    UI_method_set_opener(terminal, [](UI*) {
        asked_for_passphrase = true;
        return 0;
    });
    UI_set_default_method(terminal);
    const auto refused = make_tls_context({files.certificate, encrypted});
    UI_set_default_method(UI_OpenSSL());
    UI_destroy_method(terminal);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().detail, HasSubstr("encrypted.key"));
    EXPECT_FALSE(asked_for_passphrase);
}

TEST_F(HttpTls, BadReloadIsRefusedAndChangesNothing) {
    const auto other = make_certificate(directory_, "other");
    const auto mixed = fixture_.server().reload_tls({fixture_.options.tls->certificate, other.key});
    ASSERT_FALSE(mixed);
    EXPECT_EQ(mixed.error().code, Errc::bad_config);
    const auto missing = fixture_.server().reload_tls({directory_ / "none.crt", other.key});
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().detail, HasSubstr("none.crt"));
    TlsClient client(fixture_.port());
    ASSERT_TRUE(client.connected());
    EXPECT_EQ(client.subject(), "first");
}

TEST_F(HttpTls, PlainHttpOnTheTlsPortIsClosed) {
    RawClient client(fixture_.port());
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    EXPECT_TRUE(client.closed_within(std::chrono::seconds(3)));
    EXPECT_EQ(fixture_.service.calls(), 0u);
}

}  // namespace
}  // namespace claviger::http
