import type { Me } from '../hooks.ts'

/** How Home greets: by the first word of a name, else by the address. */
export const greeting = ({ name, email }: Pick<Me, 'name' | 'email'>): string => `Hello, ${name.split(' ')[0] || email}`
