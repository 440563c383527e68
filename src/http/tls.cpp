#include "src/http/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>
#include <string_view>

namespace claviger::http {
namespace {

namespace ssl = boost::asio::ssl;

// RFC 7301. A client that offers only other protocols is told so instead of being answered in a wrong one.
int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                unsigned in_size, void*) {
    constexpr std::string_view kOurs("\x08http/1.1", 9);
    const auto* const ours = reinterpret_cast<const unsigned char*>(kOurs.data());
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, ours, kOurs.size(), in, in_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

// Without it OpenSSL asks at the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

Error tls_error(std::string what) {
    const unsigned long code = ERR_get_error();
    const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    if (reason != nullptr) {
        what += ": ";
        what += reason;
    }
    ERR_clear_error();
    return Error(Errc::bad_config, std::move(what));
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_tls_context(const TlsFiles& files) {
    auto made = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* const context = made->native_handle();
    // CLEANSE_PLAINTEXT and RELEASE_BUFFERS: requests hold plaintexts, and an idle connection keeps no
    // buffer.
    SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose_alpn, nullptr);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
        return tls_error("TLS cannot be set up");
    }
    if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
        return tls_error("cannot use the TLS certificate " + files.certificate.string());
    }
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) {
        return tls_error("cannot use the TLS key " + files.key.string());
    }
    if (SSL_CTX_check_private_key(context) != 1) {
        return tls_error("the TLS key " + files.key.string() + " does not belong to the certificate " +
                         files.certificate.string());
    }
    return made;
}

}  // namespace claviger::http
