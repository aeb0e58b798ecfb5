/**
 * Numbers of the system calls that code in confinement may not use, for the two processors the runner knows. From
 * Linux's `unistd` tables; fixed for ever by its ABI.
 */

/** [x86_64, aarch64]; -1 where a call does not exist. */
type Numbers = readonly [number, number]

/** Answered with EPERM. */
export const forbidden: Readonly<Record<string, Numbers>> = {
  // network: no socket of any family can be made, so nothing can be connected or bound
  socket: [41, 198],
  connect: [42, 203],
  bind: [49, 200],
  listen: [50, 201],
  accept: [43, 202],
  accept4: [288, 242],
  // other processes
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  // keys, tracing and programs in the kernel
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  lookup_dcookie: [212, 18],
  syslog: [103, 116],
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  // mounts and namespaces
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  move_mount: [429, 429],
  open_tree: [428, 428],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  mount_setattr: [442, 442],
  unshare: [272, 97],
  setns: [308, 268],
  name_to_handle_at: [303, 264],
  open_by_handle_at: [304, 265],
  fanotify_init: [300, 262],
  fanotify_mark: [301, 263],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  // the machine
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  personality: [135, 92],
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  acct: [163, 89],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  clock_adjtime: [305, 266],
  adjtimex: [159, 171],
  iopl: [172, -1],
  ioperm: [173, -1],
  modify_ldt: [154, -1],
  vhangup: [153, 58],
  uselib: [134, -1],
  nfsservctl: [180, 42],
  sysfs: [139, -1],
  _sysctl: [156, -1],
  create_module: [174, -1],
  get_kernel_syms: [177, -1],
  query_module: [178, -1],
  ustat: [136, -1],
  // memory that no limit counts, and System V and POSIX objects that outlive a process
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  migrate_pages: [256, 238],
  move_pages: [279, 239],
  mbind: [237, 235],
  set_mempolicy: [238, 237],
  set_mempolicy_home_node: [450, 450],
  shmget: [29, 194],
  shmat: [30, 196],
  shmctl: [31, 195],
  msgget: [68, 186],
  msgsnd: [69, 189],
  msgrcv: [70, 188],
  msgctl: [71, 187],
  semget: [64, 190],
  semop: [65, 193],
  semctl: [66, 191],
  semtimedop: [220, 192],
  mq_open: [240, 180],
  mq_unlink: [241, 181],
  // device nodes and named pipes
  mknod: [133, -1],
  mknodat: [259, 33],
  // a bigger share of the processor than was given
  sched_setaffinity: [203, 122],
  sched_setscheduler: [144, 119],
  sched_setparam: [142, 118],
  sched_setattr: [314, 274],
  setpriority: [141, 140],
  ioprio_set: [251, 30],
}

/**
 * Answered with ENOSYS, so that the C library takes the older call: flags of `clone3` lie where a filter cannot read
 * them; `preadv2` tells without waiting whether somebody has read a page before.
 */
export const unknown: Readonly<Record<string, Numbers>> = {
  clone3: [435, 435],
  preadv2: [327, 286],
  pwritev2: [328, 287],
}

/**
 * By these, two runs of one plan could tell each other something through files that all runs share (the system's own):
 * who opens which file, and which pages of it somebody has read. The gate compares runs that know a person with runs
 * that do not, so none may hear from another.
 */
export const traces: Readonly<Record<string, Numbers>> = {
  inotify_init: [253, -1],
  inotify_init1: [294, 26],
  inotify_add_watch: [254, 27],
  mincore: [27, 232],
  fadvise64: [221, 223],
  readahead: [187, 213],
  sync: [162, 81],
  syncfs: [306, 267],
}
/**
 * A lock that one run holds on such a file would be a sign to the next. Taking one is answered as if it were held
 * (there is nobody else in a run to be kept out), so that SQLite and HDF5 work; asking who holds one, leases and
 * notices of a folder fail.
 */
export const locks = {
  flock: [73, 32],
  fcntl: [72, 25],
  pretended: [6, 7, 37, 38],
  refused: [5, 36, 1024, 1025, 1026],
} as const

/** Signals to others: forbidden where nothing else separates the code's processes from the user's own. */
export const signals: Readonly<Record<string, Numbers>> = {
  kill: [62, 129],
  tkill: [200, 130],
  tgkill: [234, 131],
  pidfd_send_signal: [424, 424],
  rt_sigqueueinfo: [129, 138],
  rt_tgsigqueueinfo: [297, 240],
}

/** Calls whose arguments decide. */
export const judged = { clone: [56, 220], socketpair: [53, 199], ioctl: [16, 29] } as const satisfies Record<
  string,
  Numbers
>

/** Calls newer than this (Linux 6.2) are answered as if the kernel did not have them. */
export const newest = 451
