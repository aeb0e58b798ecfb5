/**
 * Property tests draw from a fixed seed, so that no run of `npm test` hangs on chance. `CLOISTER_SEED` names another
 * one; `npm run bench -- properties` tries many.
 */
import fc from 'fast-check'

fc.configureGlobal({ seed: Number(process.env['CLOISTER_SEED'] ?? 20_260_101) })
