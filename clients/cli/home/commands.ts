/** doctor, backup, restore: care of a home on this machine. */
import { resolve } from 'node:path'
import { defineCommand, force } from '../command.ts'
import { CliError, exits } from '../io.ts'
import { handOver, home, homeMeant } from './hand-over.ts'

const pathOf = (given: string | undefined): string | undefined => (given === undefined ? undefined : resolve(given))

const passphraseFile = {
  type: 'string',
  value: 'FILE',
  help: 'reads the passphrase from a file, instead of CLOISTER_PASSPHRASE or asking',
} as const

const doctor = defineCommand({
  name: 'doctor',
  usage: 'doctor [--home FOLDER] [--quick] [--repair] [--receipt FILE]',
  summary: 'Looks whether a home on this machine is whole, also while its host runs',
  options: {
    home,
    quick: { type: 'boolean', help: 'does not read every byte of every object' },
    repair: { type: 'boolean', help: 'puts right what can be proved, while no host runs' },
    accept: { type: 'boolean', help: 'takes keyring, sign-in and secrets as they are now, while no host runs' },
    receipt: { type: 'string', value: 'FILE', help: 'saves what was found, sealed by the installation’s key' },
    verify: {
      type: 'string',
      value: 'RECEIPT',
      help: 'tells whether a saved receipt is genuine, and looks at nothing',
    },
  },
  detail: 'Exit codes: 0 nothing is damaged, 1 something is, 2 wrong use, 77 not the passphrase of this (sealed) home.',
  examples: ['cloister doctor', 'cloister doctor --receipt whole.json', 'cloister doctor --verify whole.json'],
  run: ({ io, options }) =>
    handOver(io, 'doctor', {
      home: homeMeant({ io, options }),
      quick: options.quick,
      repair: options.repair,
      accept: options.accept,
      receipt: pathOf(options.receipt),
      verify: pathOf(options.verify),
    }),
})

const backup = defineCommand({
  name: 'backup',
  usage: 'backup FILE [--home FOLDER] [--passphrase FILE | --recipient KEY | --recipients FILE] [--force]',
  summary: 'Saves a home whole, as of one moment, encrypted, also while its host runs',
  argument: { name: 'FILE', help: 'where to save it, outside of the home', missing: 'Say where to save it.' },
  options: {
    home,
    passphrase: passphraseFile,
    recipient: {
      type: 'string',
      multiple: true,
      value: 'KEY',
      help: 'in place of a passphrase: who may open it, by a public key of age (age1…)',
    },
    recipients: { type: 'string', value: 'FILE', help: 'reads recipients from a file, a line each' },
    force,
  },
  detail:
    'The file is read back and compared before it gets its name. It is a tar archive in the age format: with the passphrase, or the identity of a recipient, age and tar open it without Cloister.',
  examples: [
    'cloister backup cloister.age',
    'cloister backup cloister.age --passphrase secret.txt',
    'cloister backup cloister.age --recipients operators.txt',
  ],
  run: ({ io, options, argument }) =>
    handOver(io, 'backup', {
      file: resolve(argument),
      home: homeMeant({ io, options }),
      passphraseFile: pathOf(options.passphrase),
      recipients: options.recipient,
      recipientsFile: pathOf(options.recipients),
      force: options.force,
    }),
})

const restore = defineCommand({
  name: 'restore',
  usage: 'restore FILE --home FOLDER [--withdrawals FILE] [--passphrase FILE | --identity FILE]',
  summary: 'Makes a home of a backup, and withdraws again who has withdrawn since',
  argument: { name: 'FILE', help: 'the backup', missing: 'Say which backup.' },
  options: {
    home,
    withdrawals: {
      type: 'string',
      value: 'FILE',
      help: 'the list of withdrawals, or the home that was lost',
    },
    passphrase: passphraseFile,
    identity: { type: 'string', value: 'FILE', help: 'opens a backup for recipients: a file with a secret key of age' },
  },
  detail: 'The home must be missing or empty. Everything is verified before it gets its place.',
  examples: ['cloister restore cloister.age --home restored --withdrawals old-home'],
  run({ io, options, argument }) {
    if (options.home === undefined) throw new CliError(exits.usage, 'Say where the home is to be, with --home FOLDER.')
    return handOver(io, 'restore', {
      file: resolve(argument),
      home: homeMeant({ io, options }),
      withdrawals: pathOf(options.withdrawals),
      passphraseFile: pathOf(options.passphrase),
      identityFile: pathOf(options.identity),
    })
  },
})

const withdrawals = defineCommand({
  name: 'withdrawals',
  usage: 'withdrawals LIST [--home FOLDER]',
  summary: 'Tells a restored home which runs were withdrawn since its backup',
  argument: {
    name: 'LIST',
    help: 'the list of withdrawals that a host kept, or the home that was lost',
    missing: 'Say which list, or which home.',
  },
  options: { home },
  detail: 'The next start of the host withdraws them again. An empty list says that there were none.',
  examples: ['cloister withdrawals old-home --home restored'],
  run: ({ io, options, argument }) =>
    handOver(io, 'restore', { home: homeMeant({ io, options }), withdrawals: resolve(argument) }),
})

const homePassphrase = {
  type: 'string',
  value: 'FILE',
  help: 'reads the home’s (new) passphrase from a file, instead of CLOISTER_PASSPHRASE_FILE or asking',
} as const

const seal = defineCommand({
  name: 'seal',
  usage: 'seal [--home FOLDER] [--keychain | --passphrase FILE] [--change]',
  summary: 'Seals a stopped home at rest, under a passphrase or a key in the system’s keychain',
  options: {
    home,
    keychain: { type: 'boolean', help: 'keeps the key in the keychain of this user, instead of a passphrase' },
    passphrase: homePassphrase,
    change: { type: 'boolean', help: 'gives a sealed home another passphrase, or the keychain; nothing is rewritten' },
  },
  detail:
    'It may be stopped at any moment, and goes on when it is run again. Exit codes: 0 done, 1 something is in the way, 2 wrong use, 77 not the passphrase of this home.',
  examples: ['cloister seal', 'cloister seal --keychain', 'cloister seal --change --passphrase new.txt'],
  run: ({ io, options }) =>
    handOver(io, 'seal', {
      home: homeMeant({ io, options }),
      keychain: options.keychain,
      change: options.change,
      passphraseFile: pathOf(options.passphrase),
    }),
})

const unseal = defineCommand({
  name: 'unseal',
  usage: 'unseal [--home FOLDER] [--passphrase FILE]',
  summary: 'Takes the seal of a stopped home away: its files lie in the clear again',
  options: { home, passphrase: homePassphrase },
  examples: ['cloister unseal'],
  run: ({ io, options }) =>
    handOver(io, 'seal', {
      home: homeMeant({ io, options }),
      unseal: true,
      passphraseFile: pathOf(options.passphrase),
    }),
})

/** The commands of this area. */
export const care = [doctor, backup, restore, withdrawals, seal, unseal]
