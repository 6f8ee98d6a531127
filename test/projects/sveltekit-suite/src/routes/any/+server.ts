import type { RequestHandler } from '@sveltejs/kit'
import { suite } from '../../suite'

export const fallback: RequestHandler = event => suite().answer(event)
