/**
 * Classes of errors an analyst may be told: a fixed list, so that a class made up by a script cannot carry anything
 * out.
 */

const python = `ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError
ConnectionResetError DeprecationWarning EOFError EncodingWarning EnvironmentError Exception ExceptionGroup FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError ImportWarning IndentationError
IndexError InterruptedError IsADirectoryError KeyError KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotADirectoryError NotImplementedError OSError OverflowError PendingDeprecationWarning PermissionError
ProcessLookupError RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError TypeError UnboundLocalError
UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning UserWarning ValueError Warning ZeroDivisionError
JSONDecodeError BadZipFile StatisticsError InvalidOperation DivisionByZero`
const packages = `LinAlgError AxisError ComplexWarning VisibleDeprecationWarning RankWarning TooHardError DTypePromotionError
EmptyDataError ParserError MergeError DtypeWarning DataError DatabaseError UndefinedVariableError SpecificationError NullFrequencyError OutOfBoundsDatetime OutOfBoundsTimedelta IncompatibleFrequency InvalidIndexError IntCastingNaNError
UnsupportedFunctionCall UnsortedIndexError SettingWithCopyError SettingWithCopyWarning PerformanceWarning IndexingError DuplicateLabelError InvalidColumnName PyperclipException CategoricalConversionWarning
ConstantInputWarning NearConstantInputWarning DegenerateDataWarning FitError ArpackError ArpackNoConvergence IntegrationWarning OptimizeWarning LinAlgWarning
PerfectSeparationError PerfectSeparationWarning MissingDataError ModelError ConvergenceWarning HessianInversionWarning IterationLimitWarning SingularMatrixWarning ValueWarning
NotFittedError DataConversionWarning DataDimensionalityWarning EfficiencyWarning FitFailedWarning InconsistentVersionWarning UndefinedMetricWarning
ImageFileError HeaderDataError HeaderTypeError SpatialImageError WrapStructError`
const rErrors =
  'simpleError error condition simpleCondition errorCondition parseError packageNotFoundError missingArgError subscriptOutOfBoundsError getvarError stackOverflowError CStackOverflowError expressionStackOverflowError nodeStackOverflowError protectStackOverflowError notSubsettableError'
/** InvalidNotebook: the notebook's JSON is not nbformat 4. */
const own = 'Error InvalidNotebook'

const known = new Set([python, packages, rErrors, own].join(' ').split(/\s+/))

/** A class that may be told; everything else is `Error`. */
export const safeErrorClass = (name: unknown): string => (typeof name === 'string' && known.has(name) ? name : 'Error')
