import type { APIRoute } from 'astro'
import { suite } from '../suite'

export const ALL: APIRoute = context => suite().answer(context)
