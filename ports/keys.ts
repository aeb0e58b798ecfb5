/** Keys that never leave their place: an RSA pair per organisation, and one MAC key. */
export interface PublicKey {
  kid: string
  jwk: { kty: 'RSA'; n: string; e: string; alg: 'RSA-OAEP-256' }
}
export type MacPurpose = 'pseudonym' | 'run-token' | 'withdrawal' | 'partition' | 'intent' | 'doctor' | 'withdrawn'

export interface Keys {
  /** Makes an RSA-3072 pair for an organisation and answers its id; the same organisation answers the same pair. */
  createKey(organisationId: string): Promise<string>
  /** Throws `KeyMissing` for an id that is not a key pair of this installation. */
  publicKey(kid: string): Promise<PublicKey>
  /** RSA-OAEP-256. Throws `UnwrapFailed` when the bytes were not wrapped to this key, `KeyMissing` as above. */
  unwrap(kid: string, wrapped: Uint8Array): Promise<Uint8Array>
  /** 32 bytes: HMAC-SHA-256 of purpose and message under the installation's MAC key. */
  mac(purpose: MacPurpose, message: string): Promise<Uint8Array>
}

/** There is no such key pair in this installation. */
export class KeyMissing extends Error {
  override name = 'KeyMissing'
}
/** The bytes were not wrapped to this key, or were changed. */
export class UnwrapFailed extends Error {
  override name = 'UnwrapFailed'
}
