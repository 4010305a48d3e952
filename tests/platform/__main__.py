from .binaries import ensure
import sys
if __name__ == "__main__":
    for n, p in ensure(sys.argv[2:] or None).items():
        print(n, p)
