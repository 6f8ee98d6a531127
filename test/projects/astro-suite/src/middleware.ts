import { defineMiddleware } from 'astro:middleware'
import { suite } from './suite'

export const onRequest = defineMiddleware((context, next) => suite().onRequest(context, next))
