#include "hsm/link/control.hpp"

#include <utility>

namespace claviger::link::control {

namespace {

class Writer {
public:
    explicit Writer(WipedBuffer& to) : to_(to) {}
    template <class T>
    void number(const T& value) {
        to_.number(value);
    }
    template <class E>
    void choice(const E& value, E /*first*/, E /*last*/) {
        to_.number(static_cast<std::uint8_t>(value));
    }
    void flag(const bool& value) { to_.number(static_cast<std::uint8_t>(value ? 1 : 0)); }
    void text(const std::string& value) { to_.text(value); }
    void bytes(const Bytes& value) { to_.bytes(value); }
    void pin(const SecretBytes& value) { to_.bytes(value.reveal(SecretAccess())); }
    template <class T, class Each>
    void list(const std::vector<T>& values, Each each) {
        to_.number(static_cast<std::uint32_t>(values.size()));
        for (const T& value : values) {
            each(*this, value);
        }
    }

private:
    WireWriter<WipedBuffer> to_;
};

class Reader {
public:
    explicit Reader(ByteView from) : from_(from) {}
    template <class T>
    void number(T& value) {
        value = from_.number<T>();
    }
    template <class E>
    void choice(E& value, E first, E last) {
        const auto raw = from_.number<std::uint8_t>();
        if (raw < static_cast<std::uint8_t>(first) || raw > static_cast<std::uint8_t>(last)) {
            valid_ = false;
            return;
        }
        value = static_cast<E>(raw);
    }
    void flag(bool& value) {
        const auto raw = from_.number<std::uint8_t>();
        valid_ = valid_ && raw <= 1;
        value = raw == 1;
    }
    void text(std::string& value) { value = from_.text(kMaxText); }
    void bytes(Bytes& value) { value = to_bytes(from_.bytes(kMaxBytes)); }
    void pin(SecretBytes& value) { value = SecretBytes(from_.bytes(kMaxPin)); }
    template <class T, class Each>
    void list(std::vector<T>& values, Each each) {
        const auto size = from_.number<std::uint32_t>();
        valid_ = valid_ && size <= kMaxList;
        // Each element takes at least one byte, so a lying count ends with the input.
        for (std::uint32_t i = 0; valid_ && from_.ok() && i < size; ++i) {
            T value;
            each(*this, value);
            values.push_back(std::move(value));
        }
    }
    bool complete() const noexcept { return valid_ && from_.at_end(); }

private:
    WireReader from_;
    bool valid_ = true;
};

constexpr auto kTextElement = [](auto& f, auto& text) { f.text(text); };

// A message's fields, named once for both directions: F is Writer with a const message, or Reader with a new
// one.
template <class Message>
struct Fields;

template <>
struct Fields<Empty> {
    static void visit(auto&, auto&) {}
};
template <>
struct Fields<Counters> {
    static void visit(auto& f, auto& m) {
        f.number(m.operations);
        f.number(m.data_faults);
        f.number(m.key_faults);
        f.number(m.hsm_faults);
        f.number(m.late);
        f.number(m.overloaded);
        f.number(m.keys_loaded);
        f.number(m.loads);
        f.number(m.evictions);
        f.number(m.nonce_redraws);
        f.number(m.shadow_restores);
        f.number(m.refused_peers);
    }
};
template <>
struct Fields<Status> {
    static void visit(auto& f, auto& m) {
        f.text(m.serial);
        f.text(m.label);
        f.text(m.model);
        f.text(m.firmware);
        f.text(m.module);
        f.number(m.flags);
        f.number(m.process);
        f.bytes(m.certificate);
        f.flag(m.has_pin);
        f.flag(m.logged_in);
        f.flag(m.admitted);
        f.text(m.cluster_id);
        f.number(m.generation);
        f.choice(m.profile, Verdict::unknown, Verdict::unusable);
        f.list(m.weaknesses, kTextElement);
        f.list(m.capabilities, kTextElement);
        Fields<Counters>::visit(f, m.counters);
    }
};
template <>
struct Fields<SetUserPin> {
    static void visit(auto& f, auto& m) {
        f.pin(m.current);
        f.pin(m.fresh);
    }
};
template <>
struct Fields<CreateCwk> {
    static void visit(auto& f, auto& m) {
        f.text(m.cluster_id);
        f.number(m.generation);
        f.bytes(m.recovery_public);
    }
};
template <>
struct Fields<CwkCreated> {
    static void visit(auto& f, auto& m) {
        f.bytes(m.recovery_bundle);
        f.bytes(m.check_token);
    }
};
template <>
struct Fields<PublicKey> {
    static void visit(auto& f, auto& m) { f.bytes(m.der); }
};
template <>
struct Fields<MakeTransport> {
    static void visit(auto& f, auto& m) { f.flag(m.sealed); }
};
template <>
struct Fields<WrapCwk> {
    static void visit(auto& f, auto& m) { f.bytes(m.transport_public); }
};
template <>
struct Fields<Wrapped> {
    static void visit(auto& f, auto& m) { f.bytes(m.wrapped); }
};
template <>
struct Fields<AcceptCwk> {
    static void visit(auto& f, auto& m) {
        f.bytes(m.wrapped);
        f.text(m.cluster_id);
        f.number(m.generation);
        f.flag(m.sealed);
    }
};
template <>
struct Fields<IdentityCreated> {
    static void visit(auto& f, auto& m) {
        f.bytes(m.identity_token);
        f.bytes(m.public_key);
    }
};
template <>
struct Fields<InstallIdentity> {
    static void visit(auto& f, auto& m) { f.bytes(m.identity_token); }
};
template <>
struct Fields<MakeCsr> {
    static void visit(auto& f, auto& m) {
        f.text(m.common_name);
        f.text(m.organizational_unit);
        f.text(m.organization);
    }
};
template <>
struct Fields<Der> {
    static void visit(auto& f, auto& m) { f.bytes(m.der); }
};
template <>
struct Fields<CheckCluster> {
    static void visit(auto& f, auto& m) {
        f.bytes(m.check_token);
        f.text(m.cluster_id);
        f.number(m.generation);
    }
};
template <>
struct Fields<Probe> {
    static void visit(auto& f, auto& m) { f.choice(m.depth, ProbeDepth::attacks, ProbeDepth::all_key_kinds); }
};
template <>
struct Fields<Probed> {
    static void visit(auto& f, auto& m) {
        f.choice(m.profile, Verdict::unknown, Verdict::unusable);
        f.list(m.weaknesses, kTextElement);
        f.list(m.capabilities, kTextElement);
    }
};
template <>
struct Fields<Admit> {
    static void visit(auto& f, auto& m) {
        f.text(m.cluster_id);
        f.number(m.generation);
    }
};
template <>
struct Fields<ListObjects> {
    static void visit(auto& f, auto& m) { f.number(m.offset); }
};
template <>
struct Fields<ObjectList> {
    static void visit(auto& f, auto& m) {
        f.list(m.objects, [](auto& each, auto& row) {
            each.number(row.object_class);
            each.text(row.label);
            each.bytes(row.id);
        });
        f.flag(m.more);
    }
};
template <>
struct Fields<DestroyObject> {
    static void visit(auto& f, auto& m) {
        f.text(m.label);
        f.bytes(m.id);
    }
};
template <>
struct Fields<RecoverCwk> {
    static void visit(auto& f, auto& m) {
        f.text(m.cluster_id);
        f.number(m.generation);
        f.bytes(m.recovery_bundle);
        f.bytes(m.transport_public);
    }
};
template <>
struct Fields<SignBackup> {
    static void visit(auto& f, auto& m) { f.bytes(m.digest); }
};
template <>
struct Fields<Signature> {
    static void visit(auto& f, auto& m) { f.bytes(m.signature); }
};
template <>
struct Fields<InitToken> {
    static void visit(auto& f, auto& m) {
        f.text(m.label);
        f.pin(m.so_pin);
        f.pin(m.user_pin);
    }
};
template <>
struct Fields<TokenMade> {
    static void visit(auto& f, auto& m) { f.text(m.serial); }
};
template <>
struct Fields<InstallTrusted> {
    static void visit(auto& f, auto& m) {
        f.pin(m.so_pin);
        f.choice(m.kind, TrustedKind::recovery, TrustedKind::transport);
        f.bytes(m.public_key);
    }
};
template <>
struct Fields<RemoveTrusted> {
    static void visit(auto& f, auto& m) {
        f.pin(m.so_pin);
        f.choice(m.kind, TrustedKind::recovery, TrustedKind::transport);
    }
};
template <>
struct Fields<InitUserPin> {
    static void visit(auto& f, auto& m) {
        f.pin(m.so_pin);
        f.pin(m.user_pin);
    }
};
template <>
struct Fields<TryUserPin> {
    static void visit(auto& f, auto& m) {
        f.pin(m.user_pin);
        f.flag(m.only_if_kept);
    }
};
template <>
struct Fields<TakeToken> {
    static void visit(auto& f, auto& m) {
        f.pin(m.so_pin);
        f.pin(m.user_pin);
    }
};
template <>
struct Fields<GiveBackToken> {
    static void visit(auto& f, auto& m) {
        f.pin(m.so_pin);
        f.pin(m.user_pin);
        f.flag(m.init_token);
    }
};
template <>
struct Fields<WipeToken> {
    static void visit(auto& f, auto& m) {
        f.pin(m.so_pin);
        f.text(m.label);
    }
};

}  // namespace

template <class Message>
void encode(WipedBuffer& to, const Message& message) {
    Writer writer(to);
    Fields<Message>::visit(writer, message);
}

template <class Message>
std::optional<Message> decode(ByteView payload) {
    Reader reader(payload);
    Message message;
    Fields<Message>::visit(reader, message);
    if (!reader.complete()) {
        return std::nullopt;
    }
    return message;
}

#define CLAVIGER_CONTROL_MESSAGE(Message)                        \
    template void encode<Message>(WipedBuffer&, const Message&); \
    template std::optional<Message> decode<Message>(ByteView);

CLAVIGER_CONTROL_MESSAGE(Empty)
CLAVIGER_CONTROL_MESSAGE(Status)
CLAVIGER_CONTROL_MESSAGE(SetUserPin)
CLAVIGER_CONTROL_MESSAGE(CreateCwk)
CLAVIGER_CONTROL_MESSAGE(CwkCreated)
CLAVIGER_CONTROL_MESSAGE(PublicKey)
CLAVIGER_CONTROL_MESSAGE(MakeTransport)
CLAVIGER_CONTROL_MESSAGE(WrapCwk)
CLAVIGER_CONTROL_MESSAGE(Wrapped)
CLAVIGER_CONTROL_MESSAGE(AcceptCwk)
CLAVIGER_CONTROL_MESSAGE(IdentityCreated)
CLAVIGER_CONTROL_MESSAGE(InstallIdentity)
CLAVIGER_CONTROL_MESSAGE(MakeCsr)
CLAVIGER_CONTROL_MESSAGE(Der)
CLAVIGER_CONTROL_MESSAGE(CheckCluster)
CLAVIGER_CONTROL_MESSAGE(Probe)
CLAVIGER_CONTROL_MESSAGE(Probed)
CLAVIGER_CONTROL_MESSAGE(Admit)
CLAVIGER_CONTROL_MESSAGE(ListObjects)
CLAVIGER_CONTROL_MESSAGE(ObjectList)
CLAVIGER_CONTROL_MESSAGE(DestroyObject)
CLAVIGER_CONTROL_MESSAGE(RecoverCwk)
CLAVIGER_CONTROL_MESSAGE(SignBackup)
CLAVIGER_CONTROL_MESSAGE(Signature)
CLAVIGER_CONTROL_MESSAGE(InitToken)
CLAVIGER_CONTROL_MESSAGE(TokenMade)
CLAVIGER_CONTROL_MESSAGE(InstallTrusted)
CLAVIGER_CONTROL_MESSAGE(RemoveTrusted)
CLAVIGER_CONTROL_MESSAGE(InitUserPin)
CLAVIGER_CONTROL_MESSAGE(WipeToken)
CLAVIGER_CONTROL_MESSAGE(TryUserPin)
CLAVIGER_CONTROL_MESSAGE(TakeToken)
CLAVIGER_CONTROL_MESSAGE(GiveBackToken)

#undef CLAVIGER_CONTROL_MESSAGE

}  // namespace claviger::link::control
