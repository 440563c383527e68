// TLS 1.2 and 1.3 for the listener, on OpenSSL.
#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include <claviger/base/result.hpp>

#include "src/http/server.hpp"

namespace claviger::http {

// Errc::bad_config: a file cannot be read, is no PEM, or certificate and key do not belong together.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const TlsFiles& files);

}  // namespace claviger::http
