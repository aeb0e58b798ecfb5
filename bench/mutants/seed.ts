/** A mutant lives or dies the same way at every run: property tests draw from a fixed seed. */
import fc from 'fast-check'

fc.configureGlobal({ seed: 20_260_101 })
