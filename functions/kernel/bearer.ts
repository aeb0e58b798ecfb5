/**
 * The token of an `Authorization` header, or undefined. RFC 9110 writes schemes in any case of letters and lets more
 * than one space follow.
 */
export const bearerOf = (header: string | undefined): string | undefined =>
  /^bearer {1,8}([A-Za-z0-9._~+/=-]{1,8192})$/i.exec(header ?? '')?.[1]
