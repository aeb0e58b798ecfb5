/** Something outside of Cloister that the person at the keyboard can put right: said in a sentence, without a stack. */
export class Trouble extends Error {
  override name = 'Trouble'
}
/** A place for files that does not answer: it holds a thread of ours, for which an ordinary end would wait. */
export class Unanswered extends Trouble {
  override name = 'Unanswered'
}

/** `what` names the file or folder. */
export const diskFull = (what: string): Trouble =>
  new Trouble(
    `The disk is full: ${what} cannot be written. Free some space, then start again; nothing that was acknowledged is lost.`,
  )

/** A system error in a person's words, or undefined for what is not the system's. `what` names the file or folder. */
export function systemTrouble(error: unknown, what: string): Trouble | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(what)
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new Trouble(
        `${what} cannot be written (${code}). Give this user the right to write there, or set CLOISTER_HOME to another folder.`,
      )
    case 'ENOTDIR':
    case 'EEXIST':
    case 'ENOENT':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return new Trouble(
        `${what} cannot be made (${code}): part of the way is not a folder, or does not take one. Set CLOISTER_HOME to another folder.`,
      )
    case 'EIO':
    case 'EINVAL':
    case 'ENOLCK':
    case 'ENOSYS':
    case 'ENOTSUP':
    case 'EOPNOTSUPP':
    case 'ENXIO':
    case 'ESTALE':
      return new Trouble(
        `${what} is in a place that cannot hold files as a store needs them (${code}). Set CLOISTER_HOME to a folder on a disk of this machine.`,
      )
    default:
      return undefined
  }
}
