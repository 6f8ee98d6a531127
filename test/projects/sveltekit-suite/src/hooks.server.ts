import type { Handle } from '@sveltejs/kit'
import { suite } from './suite'

export const handle: Handle = input => suite.handle(input)

export const handleError = (): { message: string } => ({ message: 'failed' })
