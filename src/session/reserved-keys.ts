/**
 * The key under which a session keeps the secret of its tokens against cross-site requests.
 *
 * @module
 */

/** Forgotten whenever the session gets a new id. */
export const csrfKey = '_csrf'
