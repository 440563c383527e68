#include "tests/unit/kms/fake_clusters.hpp"

#include <utility>

namespace claviger::kms::test {

namespace asio = boost::asio;

cloudhsm::ClusterView& FakeClusters::add(std::string_view id, std::string_view certificate,
                                         std::string_view anchor, std::vector<std::string> zones) {
    auto view = std::make_shared<cloudhsm::ClusterView>();
    view->record.id = ClusterId(std::string(id));
    view->record.account = AccountId(kAccount);
    view->record.region = kRegion;
    view->record.state = store::ClusterState::active;
    view->certificate_pem = certificate;
    view->trust_anchor_pem = anchor;
    for (const std::string& zone : zones) {
        cloudhsm::Hsm hsm;
        hsm.record.id = HsmId("hsm-" + zone + std::to_string(view->hsms.size()));
        hsm.record.zone = zone;
        hsm.record.state = store::HsmState::active;
        view->hsms.push_back(std::move(hsm));
    }
    return *(clusters[std::string(id)] = std::move(view));
}

cloudhsm::ClusterPtr FakeClusters::find(const AccountId& account, std::string_view region,
                                        const ClusterId& id) const {
    const auto found = clusters.find(id.value());
    const bool ours = found != clusters.end() && found->second->record.account == account &&
                      found->second->record.region == region;
    return ours ? found->second : nullptr;
}

asio::awaitable<Result<Done, cloudhsm::LoginError>> FakeClusters::try_password(ClusterId,
                                                                               SecretBytes password) {
    passwords.emplace_back(as_text(password.reveal(SecretAccess())));
    if (login_failure) {
        co_return cloudhsm::LoginError{*login_failure, "as told"};
    }
    co_return done;
}

asio::awaitable<Result<Done, cloudhsm::LoginError>> FakeClusters::log_in(ClusterId) {
    ++logins;
    if (during_login) {
        std::exchange(during_login, nullptr)();
    }
    if (host_failure) {
        co_return cloudhsm::LoginError{*host_failure, "as told"};
    }
    co_return done;
}

asio::awaitable<Status<>> FakeClusters::log_out(ClusterId id) {
    logged_out.push_back(id.value());
    co_return done;
}

cluster::Client* FakeClusters::client(const ClusterId& id) {
    return clusters.contains(id.value()) ? &clients[id.value()] : nullptr;
}

void FakeClusters::settle() {
    control_->restart();
    control_->run();
}

}  // namespace claviger::kms::test
