// Clusters of the CloudHSM v2 API in memory. For tests and fuzz targets only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "src/cloudhsm/clusters.hpp"
#include "tests/unit/kms/fake_client.hpp"

namespace claviger::kms::test {

inline constexpr char kAccount[] = "111122223333";
inline constexpr char kOtherAccount[] = "444455556666";
inline constexpr char kRegion[] = "eu-west-1";

// Clusters of the CloudHSM v2 API that are what a test says they are. Their work runs when the test settles
// it.
class FakeClusters final : public cloudhsm::Clusters, public cloudhsm::ClientSource {
public:
    // An ACTIVE cluster of kAccount and kRegion with one ACTIVE HSM in each of `zones`.
    cloudhsm::ClusterView& add(std::string_view id, std::string_view certificate, std::string_view anchor,
                               std::vector<std::string> zones = {"a", "b"});

    boost::asio::io_context& control() override { return *control_; }
    cloudhsm::ClusterPtr find(const AccountId& account, std::string_view region,
                              const ClusterId& id) const override;
    std::vector<cloudhsm::ClusterPtr> list(const AccountId&, std::string_view) const override { return {}; }
    cluster::Cluster* cluster(const ClusterId&) const override { return nullptr; }
    boost::asio::awaitable<Result<Done, cloudhsm::LoginError>> try_password(ClusterId id,
                                                                            SecretBytes password) override;
    boost::asio::awaitable<Result<Done, cloudhsm::LoginError>> log_in(ClusterId id) override;
    boost::asio::awaitable<Status<>> log_out(ClusterId id) override;
    cluster::Client* client(const ClusterId& id) override;
    // Runs the work under way to its end.
    void settle();
    // Drops it, as the end of the process would.
    void crash() { control_.emplace(); }

    std::map<std::string, std::shared_ptr<cloudhsm::ClusterView>> clusters;
    std::map<std::string, FakeClient> clients;
    std::optional<cloudhsm::LoginFailure> login_failure;  // what becomes of a password
    std::optional<cloudhsm::LoginFailure> host_failure;   // what becomes of the hosts' own logins
    std::vector<std::string> passwords;                   // one for each that was tried
    std::size_t logins = 0;
    std::vector<std::string> logged_out;
    std::function<void()> during_login;

private:
    std::optional<boost::asio::io_context> control_{std::in_place};
};

}  // namespace claviger::kms::test
