/** Security headers of the two origins: one place for the local gateway and for CloudFront. */

/** Sent with everything, on both origins. */
export const commonHeaders = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const

/** Sent with everything by the local gateway where it is asked by https; CloudFront's policy says the same. */
export const httpsHeaders = { 'strict-transport-security': 'max-age=31536000' } as const

/**
 * Sent with everything on the main origin. No Cross-Origin-Opener-Policy: it would cut the sign-in popup off from the
 * page that opened it on its way back from the identity provider.
 */
export const mainHeaders = {
  ...commonHeaders,
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(self), microphone=(self), geolocation=(), payment=(), usb=()',
} as const

/**
 * Sent with everything on the study origin. Study pages have an opaque origin, so even their own files are cross-origin
 * to them.
 */
export const studyHeaders = {
  ...commonHeaders,
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
} as const

/**
 * What a study page may do inside its frame; the frame's `sandbox` attribute says the same. Never `allow-same-origin`.
 */
export const studySandbox = 'allow-scripts allow-forms allow-modals allow-pointer-lock allow-downloads'

const policy = (directives: Record<string, string>): string =>
  Object.entries(directives)
    .map(([name, value]) => `${name} ${value}`.trim())
    .join('; ')

/**
 * Content-Security-Policy of the main origin: only its own scripts, no inline script, no other host. The participant
 * page reads a version's configuration from the study origin. `connect`: further origins that pages may fetch from (the
 * identity provider and the object store in AWS).
 */
export const mainCsp = (origins: { studyOrigin: string; connect: readonly string[] }): string =>
  policy({
    'default-src': "'self'",
    'script-src': "'self'",
    'style-src': "'self' 'unsafe-inline'",
    'img-src': "'self' data: blob:",
    'font-src': "'self'",
    'connect-src': ["'self'", origins.studyOrigin, ...origins.connect].join(' '),
    'frame-src': origins.studyOrigin,
    'worker-src': "'self'",
    'form-action': "'self'",
    'frame-ancestors': "'none'",
    'base-uri': "'none'",
    'object-src': "'none'",
  })

/**
 * Content-Security-Policy of the study origin: an opaque origin, whatever the embedder forgot; nothing is loaded from
 * or sent to another host; only the participant page may frame it. Browsers leave a page two ways out that no header
 * closes: WebRTC (Chromium does not know CSP's `webrtc`) and the bare connection of a preconnect. So an author's own
 * page is trusted with what its participants do in it, and with nothing else.
 */
export const studyCsp = (origins: { studyOrigin: string; mainOrigin: string }): string =>
  policy({
    sandbox: studySandbox,
    'default-src': `'self' ${origins.studyOrigin} data: blob: 'unsafe-inline' 'unsafe-eval'`,
    'frame-ancestors': origins.mainOrigin,
    'form-action': "'none'",
    'base-uri': origins.studyOrigin, // the player sets <base> to the version's files
    'object-src': "'none'",
  })
