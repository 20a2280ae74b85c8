import { mkdirSync, realpathSync } from "node:fs";
import { resolve } from "node:path";

/** Where things are in a data directory. All paths are absolute and free of symbolic links. */
export interface DataPaths {
  /** Owned by whoever runs Kith; other files of the service may live here too. */
  root: string;
  /** Postgres's own data directory, complete from the moment it exists. */
  cluster: string;
  /** A cluster in the making; rubbish unless the cluster lock is held. */
  newCluster: string;
  /** Directory of the Unix socket, mode 0700. */
  run: string;
  /** Library links, only where those in node_modules are missing and cannot be made. */
  lib: string;
  /** Postgres's log. */
  log: string;
  /** Locked by the Node process that owns the data directory; holds its owner record. */
  ownerLock: string;
  /** Locked by every process of Postgres and its supervisor. */
  clusterLock: string;
}

/**
 * Creates the data directory if it is missing and says what is where in it. Made by root it is 0711:
 * Postgres, which then runs as another user, can pass through and list nothing.
 */
export function openDataPaths(dataDir: string): DataPaths {
  mkdirSync(resolve(dataDir), { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  const root = realpathSync(dataDir);
  return {
    root,
    cluster: `${root}/postgres`,
    newCluster: `${root}/postgres.new`,
    run: `${root}/run`,
    lib: `${root}/lib`,
    log: `${root}/postgres.log`,
    ownerLock: `${root}/owner.lock`,
    clusterLock: `${root}/postgres.lock`,
  };
}
