/** The five secrets of a broker login, as forms take them: typed anew, or left alone. */

export const SECRET_NAMES = ["api_key", "api_secret", "password", "two_fa", "totp_secret"] as const;
export type SecretName = (typeof SECRET_NAMES)[number];
export type TypedSecrets = Readonly<Record<SecretName, string>>;

export const NO_SECRETS: TypedSecrets = { api_key: "", api_secret: "", password: "", two_fa: "", totp_secret: "" };

/** Only those that were typed; as they were typed, since a password may begin with a space. */
export function typedOf(secrets: TypedSecrets): Partial<Record<SecretName, string>> {
  return Object.fromEntries(
    SECRET_NAMES.filter((name) => secrets[name] !== "").map((name) => [name, secrets[name]] as const),
  );
}

export function isAnyTyped(secrets: TypedSecrets): boolean {
  return SECRET_NAMES.some((name) => secrets[name] !== "");
}
