/** Objects beside a log: which streams it has, its index, its conclusion. */
import { ObjectMissing, type ObjectStore } from '../../ports/objects.ts'

const text = new TextDecoder()

/** An object of JSON; undefined when it is not there. */
export async function readJson<T>(objects: Pick<ObjectStore, 'get'>, key: string): Promise<T | undefined> {
  try {
    return JSON.parse(text.decode(await objects.get('released', key))) as T
  } catch (e) {
    if (e instanceof ObjectMissing) return undefined
    throw e
  }
}
