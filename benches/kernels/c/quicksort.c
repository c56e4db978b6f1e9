// Recursion, loads and comparisons: n numbers, at most 200,000, are sorted.
static int numbers[200000];

static void sort(int low, int high) {
    while (low < high) {
        int pivot = numbers[low + (high - low) / 2], i = low, j = high;
        while (i <= j) {
            while (numbers[i] < pivot) i++;
            while (numbers[j] > pivot) j--;
            if (i <= j) {
                int swap = numbers[i];
                numbers[i++] = numbers[j];
                numbers[j--] = swap;
            }
        }
        sort(low, j);
        low = i;
    }
}

int run(int n) {
    unsigned seed = 12345;
    for (int i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        numbers[i] = seed >> 1;
    }
    sort(0, n - 1);
    int check = 0;
    for (int i = 0; i < n; i++) check = check * 31 + numbers[i];
    return check;
}
