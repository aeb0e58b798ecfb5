/** Signed links: how long they live, and how a manifest carries them. */
import type { LinkTo } from '../../domain/jobs/manifest.ts'
import type { SignedLink } from '../../ports/objects.ts'

/** Seconds for which links live, by who gets them. */
export const linkSeconds = {
  /** A person's click on something that was released. */
  download: 15 * 60,
  /** A browser that sends files, or shows a page full of them. */
  transfer: 3600,
  /** A container: it may wait for a machine, and works for hours. */
  container: 5 * 3600,
} as const

/** A link without its day of expiry: a manifest says the same whenever it is made for the same instant. */
export const linkTo = ({ url, headers }: SignedLink): LinkTo => ({ url, headers })
