// Owners of OpenSSL's handles, and what went wrong in its words.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include <claviger/base/error.hpp>

namespace claviger::cluster {

template <auto Free>
struct Freeing {
    template <class T>
    void operator()(T* handle) const noexcept {
        Free(handle);
    }
};

using OwnedBio = std::unique_ptr<BIO, Freeing<&BIO_free_all>>;
using OwnedKey = std::unique_ptr<EVP_PKEY, Freeing<&EVP_PKEY_free>>;
using OwnedDigest = std::unique_ptr<EVP_MD_CTX, Freeing<&EVP_MD_CTX_free>>;
using OwnedCertificate = std::unique_ptr<X509, Freeing<&X509_free>>;
using OwnedRequest = std::unique_ptr<X509_REQ, Freeing<&X509_REQ_free>>;
using OwnedStore = std::unique_ptr<X509_STORE, Freeing<&X509_STORE_free>>;
using OwnedStoreContext = std::unique_ptr<X509_STORE_CTX, Freeing<&X509_STORE_CTX_free>>;
using OwnedExtension = std::unique_ptr<X509_EXTENSION, Freeing<&X509_EXTENSION_free>>;

// Takes the newest entry of this thread's error queue and empties it.
inline Error openssl_error(Errc code, const std::string& what) {
    char text[160] = "no reason given";
    if (const unsigned long number = ERR_peek_last_error(); number != 0) {
        ERR_error_string_n(number, text, sizeof text);
    }
    ERR_clear_error();
    return Error(code, what + ": " + text);
}

}  // namespace claviger::cluster
