// All operations through the AWS SDK for JavaScript v3, and a 10 MB round trip through the AWS Encryption SDK.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import * as kms from "@aws-sdk/client-kms";
import { AwsKmsMrkAwareSymmetricDiscoveryKeyringNode, AwsKmsMrkAwareSymmetricKeyringNode, buildClient, CommitmentPolicy,
  KmsKeyringNode } from "@aws-crypto/client-node";

const settings = {
  endpoint: process.env.AWS_ENDPOINT_URL,
  region: process.env.AWS_REGION,
  maxAttempts: 1,
  credentials: {
    accessKeyId: process.env.AWS_ACCESS_KEY_ID,
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
  },
};
const client = new kms.KMSClient(settings);
const send = (name, input) => client.send(new kms[name + "Command"](input));
const fails = async (name, call) => assert.rejects(call, (error) => (assert.equal(error.name, name), true));

const key = (await send("CreateKey", { Description: "js", Tags: [{ TagKey: "a", TagValue: "" }] })).KeyMetadata;
const second = (await send("CreateKey", {})).KeyMetadata;
assert.ok(key.CreationDate instanceof Date && Math.abs(key.CreationDate - Date.now()) < 60_000);
assert.equal(key.CurrentKeyMaterialId.length, 64);
assert.deepEqual((await send("DescribeKey", { KeyId: key.Arn, GrantTokens: [] })).KeyMetadata, key);

const listed = [];
for await (const page of kms.paginateListKeys({ client, pageSize: 1 }, {})) listed.push(...page.Keys);
assert.ok([key, second].every((k) => listed.some((l) => l.KeyArn === k.Arn)));

await send("CreateAlias", { AliasName: "alias/js", TargetKeyId: key.KeyId });
const aliases = [];
for await (const page of kms.paginateListAliases({ client, pageSize: 1 }, {})) aliases.push(...page.Aliases);
assert.ok(aliases.some((a) => a.AliasName === "alias/js"));

const context = { "mit Umlaut ä": "ö✓", b: "" };
const Plaintext = randomBytes(4096);
const sealed = await send("Encrypt", { KeyId: "alias/js", Plaintext, EncryptionContext: context });
const opened = await send("Decrypt", { CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: context });
assert.deepEqual(Buffer.from(opened.Plaintext), Plaintext);
assert.equal(opened.KeyMaterialId, key.CurrentKeyMaterialId);
await fails("InvalidCiphertextException", send("Decrypt", { CiphertextBlob: sealed.CiphertextBlob }));

const moved = await send("ReEncrypt", {
  CiphertextBlob: sealed.CiphertextBlob, SourceEncryptionContext: context, DestinationKeyId: second.Arn });
assert.equal(moved.DestinationKeyMaterialId, second.CurrentKeyMaterialId);
assert.deepEqual(Buffer.from((await send("Decrypt", { CiphertextBlob: moved.CiphertextBlob })).Plaintext), Plaintext);

const data = await send("GenerateDataKey", { KeyId: key.KeyId, KeySpec: "AES_256" });
assert.deepEqual((await send("Decrypt", { CiphertextBlob: data.CiphertextBlob })).Plaintext, data.Plaintext);
const bare = await send("GenerateDataKeyWithoutPlaintext", { KeyId: key.KeyId, NumberOfBytes: 7 });
assert.equal((await send("Decrypt", { CiphertextBlob: bare.CiphertextBlob })).Plaintext.length, 7);
assert.equal((await send("GenerateRandom", { NumberOfBytes: 1024 })).Plaintext.length, 1024);

await send("UpdateAlias", { AliasName: "alias/js", TargetKeyId: second.KeyId });
await send("DeleteAlias", { AliasName: "alias/js" });
await send("UpdateKeyDescription", { KeyId: key.KeyId, Description: "neu ✓" });
await send("DisableKey", { KeyId: key.KeyId });
await fails("DisabledException", send("Encrypt", { KeyId: key.KeyId, Plaintext }));
await send("EnableKey", { KeyId: key.KeyId });
const due = await send("ScheduleKeyDeletion", { KeyId: key.KeyId, PendingWindowInDays: 7 });
assert.ok(due.DeletionDate instanceof Date);
await send("CancelKeyDeletion", { KeyId: key.KeyId });
await send("EnableKey", { KeyId: key.KeyId });
await fails("ValidationException", send("Encrypt", { KeyId: key.KeyId }));
await fails("ValidationException", send("Encrypt", { KeyId: key.KeyId, Plaintext: new Uint8Array(4097) }));
console.log("AWS SDK for JavaScript v3: all operations passed");

const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const keyring = new KmsKeyringNode({
  generatorKeyId: key.Arn, keyIds: [second.Arn],
  clientProvider: () => new kms.KMS(settings) });
const file = randomBytes(10 * 1024 * 1024);
const { result } = await encrypt(keyring, file, { encryptionContext: { file: "ten-megabytes" } });
const { plaintext, messageHeader } = await decrypt(keyring, result);
assert.ok(plaintext.equals(file));
assert.equal(messageHeader.encryptionContext.file, "ten-megabytes");
console.log("AWS Encryption SDK for JavaScript: 10 MB round trip with encryption context passed");

// Encrypted at home, opened by whoever has a related key: strictly by name, or by discovery in a Region of his own.
const away = new kms.KMS({ ...settings, region: process.env.OTHER_REGION });
const home = new kms.KMS(settings);
const primary = (await send("CreateKey", { MultiRegion: true })).KeyMetadata;
const replica = (await send("ReplicateKey", { KeyId: primary.KeyId, ReplicaRegion: process.env.OTHER_REGION }))
  .ReplicaKeyMetadata;
for (let i = 0; i < 100 && (await away.describeKey({ KeyId: replica.Arn })).KeyMetadata.KeyState !== "Enabled"; i++);
const message = (await encrypt(
  new AwsKmsMrkAwareSymmetricKeyringNode({ client: home, keyId: primary.Arn }), file)).result;
const discoveryFilter = { accountIDs: [primary.AWSAccountId], partition: "aws" };
for (const other of [new AwsKmsMrkAwareSymmetricDiscoveryKeyringNode({ client: away, discoveryFilter }),
                     new AwsKmsMrkAwareSymmetricKeyringNode({ client: away, keyId: replica.Arn })]) {
  assert.ok((await decrypt(other, message)).plaintext.equals(file));
}
const single = (await encrypt(keyring, file)).result;  // of keys of one Region: nobody finds them elsewhere
await assert.rejects(decrypt(new AwsKmsMrkAwareSymmetricDiscoveryKeyringNode({ client: away, discoveryFilter }), single));
console.log("AWS Encryption SDK for JavaScript: multi-Region keys by name and by discovery passed");
